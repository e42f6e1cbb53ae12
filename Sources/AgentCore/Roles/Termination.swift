import Synchronization
import WireTransport

/// SIGTERM and SIGINT as a wish to end in good order.
enum Termination {
    private static let requested = Atomic<Bool>(false)

    /// Whether somebody has asked.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Notes the two signals from now on, and ignores SIGHUP and SIGPIPE.
    static func listen() {
        // Touched once here, so that the handler finds it initialised.
        requested.store(false, ordering: .relaxed)
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] {
            signal(number) { _ in Termination.requested.store(true, ordering: .relaxed) }
        }
    }
}
