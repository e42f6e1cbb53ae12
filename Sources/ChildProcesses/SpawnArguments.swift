import CSockets

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// What posix_spawn takes, made and freed around a call.

#if os(Linux)
    typealias SpawnActions = posix_spawn_file_actions_t
    typealias SpawnAttributes = posix_spawnattr_t
    private func emptyActions() -> SpawnActions { SpawnActions() }
    private func emptyAttributes() -> SpawnAttributes { SpawnAttributes() }
#else
    typealias SpawnActions = posix_spawn_file_actions_t?
    typealias SpawnAttributes = posix_spawnattr_t?
    private func emptyActions() -> SpawnActions { nil }
    private func emptyAttributes() -> SpawnAttributes { nil }
#endif

/// Calls `body` with what enters `directory`, if there is one, and then opens descriptors 0, 1, … from `streams`, and 2
/// from `errors` or, without it, as 1 is.
func withActions<Result>(
    _ directory: String?,
    _ streams: [ChildProcess.Stream],
    _ errors: ChildProcess.Stream?,
    _ body: (inout SpawnActions) -> Result
) -> Result {
    var actions = emptyActions()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory) }
    for (number, stream) in zip(Int32(0)..., streams + [errors ?? .descriptor(1)]) {
        switch stream {
        case .nothing: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
        case .descriptor(let descriptor): posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, number, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
    }
    return body(&actions)
}

/// Calls `body` with what gives a child all signals, as a fresh program has them, and its company.
func withAttributes<Result>(_ company: ChildProcess.Company, _ body: (inout SpawnAttributes) -> Result) -> Result {
    var attributes = emptyAttributes()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    var flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK)
    switch company {
    case .shared: break
    case .ownGroup:
        posix_spawnattr_setpgroup(&attributes, 0)
        flags |= Int32(POSIX_SPAWN_SETPGROUP)
    case .ownSession: flags |= Int32(LATEXP_OWN_SESSION)
    }
    posix_spawnattr_setflags(&attributes, Int16(flags))
    return body(&attributes)
}

/// Calls `body` with strings as C has them, and a null pointer behind them.
func withStrings<Result>(
    _ strings: [String],
    _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    pointers.append(nil)
    return pointers.withUnsafeBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("there is at least the terminator") }
        return body(base)
    }
}
