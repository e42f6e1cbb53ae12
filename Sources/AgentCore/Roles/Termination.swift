import CSockets
import Synchronization
import WireTransport

/// SIGTERM and SIGINT as a wish to end in good order.
enum Termination {
    private static let requested = Atomic<Bool>(false)
    private static let number = Atomic<Int32>(0)

    /// Whether somebody has asked.
    static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// The signal that asked last, by its name; nil without one.
    static var signalName: String? {
        switch number.load(ordering: .relaxed) {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        default: nil
        }
    }

    /// Notes the two signals from now on, and ignores SIGHUP and SIGPIPE; a wish that came before stays.
    ///
    /// Whoever started this process may have left them blocked: masks are inherited.
    static func listen() {
        // Touched once here, so that the handler finds it initialised.
        _ = (requested.load(ordering: .relaxed), number.load(ordering: .relaxed))
        signal(SIGHUP, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGTERM, SIGINT] {
            signal(number) { number in
                Termination.number.store(number, ordering: .relaxed)
                Termination.requested.store(true, ordering: .relaxed)
            }
        }
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { sigaddset(&mask, number) }
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }
}

/// What an agent's process needs before it opens anything.
public enum ProcessPreparation {
    /// Puts /dev/null in place of standard descriptors that are closed, takes charge of the signals, and sees to it
    /// that names are looked up alike on every host.
    ///
    /// A descriptor below three that is free would become a connection's, and a message for a person would go into it.
    public static func run() {
        while true {
            let descriptor = open("/dev/null", O_RDWR)
            guard descriptor >= 0, descriptor <= 2 else {
                if descriptor > 2 { close(descriptor) }
                break
            }
        }
        Termination.listen()
        Resolver.useOnlyFilesAndDNS()
    }
}
