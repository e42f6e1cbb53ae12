// The module WireTransport.
