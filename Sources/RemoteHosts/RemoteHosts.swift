// The module RemoteHosts.
