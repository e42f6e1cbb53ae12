// The module WebSocketCodec.
