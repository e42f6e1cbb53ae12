/// One dial under way, over all addresses of a name.
///
/// It owns the channels until one is open, then hands that over.
final class Dial: ByteChannelOwner {
    private let target: Dialer.Target
    private let addresses: [SocketAddress]
    private let loop: EventLoop
    private let beganNs: Int64
    private let finalOwner: any ByteChannelOwner
    private let report: (DialReport.Event) -> Void
    private let completion: (Result<ByteChannel, TransportError>) -> Void
    private let limits: DialRace.Limits
    private var race: DialRace
    private var channels: [Int: ByteChannel] = [:]
    private var failures: [TransportError] = []
    private var timer: TimerID?

    init(
        target: Dialer.Target,
        addresses: [SocketAddress],
        loop: EventLoop,
        beganNs: Int64,
        owner: any ByteChannelOwner,
        limits: DialRace.Limits = DialRace.Limits(),
        report: @escaping (DialReport.Event) -> Void,
        completion: @escaping (Result<ByteChannel, TransportError>) -> Void
    ) {
        self.target = target
        self.addresses = addresses
        self.loop = loop
        self.beganNs = beganNs
        self.finalOwner = owner
        self.report = report
        self.completion = completion
        self.limits = limits
        self.race = DialRace(count: addresses.count, limits: limits)
    }

    /// Begins; the completion comes before this returns when every address fails at once.
    func begin() {
        perform(race.begin(atNs: HostClock.monotonicNs()))
    }

    /// Does what the race asks for, and what comes of that.
    private func perform(_ steps: [DialStep]) {
        var steps = steps[...]
        while let step = steps.popFirst() {
            switch step {
            case .attempt(let index): steps += attempt(index)
            case .close(let index):
                channels.removeValue(forKey: index)?.abandon()
                report(.slower(addresses[index]))
            case .expire(let index):
                let isConnected = channels[index].map { $0.state != .connecting } ?? false
                channels.removeValue(forKey: index)?.abandon()
                let what = isConnected ? "TCP is up, but TLS is not agreed on" : "no answer"
                note(index, TransportError(.unreachable, "\(what) within \(limits.attemptNs / 1_000_000) ms"))
            case .won(let index): return won(index)
            case .lost: return lost()
            }
        }
        setTimer()
    }

    /// Begins to connect; what follows when that fails at once.
    private func attempt(_ index: Int) -> [DialStep] {
        let address = addresses[index]
        report(.trying(address))
        do {
            let session = try target.tls.map { try TLSSession(client: $0, serverName: target.serverName) }
            let channel = ByteChannel(
                socket: try StreamSocket.connect(to: address, congestionControl: target.congestionControl),
                isConnected: false,
                tls: session,
                loop: loop,
                owner: self,
                inputCapacity: target.inputCapacity
            )
            channel.intendedAddress = address
            channels[index] = channel
            return []
        } catch {
            note(index, error as? TransportError ?? TransportError(.system, "\(error)"))
            return race.failed(index, atNs: HostClock.monotonicNs())
        }
    }

    private func setTimer() {
        if let timer { loop.cancel(timer) }
        timer = race.wakeNs.map { wakeNs in
            loop.schedule(atMonotonicNs: wakeNs) { [self] in
                timer = nil
                perform(race.timePassed(atNs: HostClock.monotonicNs()))
            }
        }
    }

    private func index(of channel: ByteChannel) -> Int? { channels.first { $0.value === channel }?.key }

    func channelConnected(_ channel: ByteChannel) {
        if let index = index(of: channel) { perform(race.connected(index)) }
    }

    func channelOpened(_ channel: ByteChannel) {
        if let index = index(of: channel) { perform(race.opened(index)) }
    }

    func channelReceived(_ channel: ByteChannel) {}

    func channelClosed(_ channel: ByteChannel, reason: TransportError) {
        guard let index = index(of: channel) else { return }
        channels[index] = nil
        note(index, reason)
        // A certificate that is not accepted here will hardly be at the next address, but one server among many may be
        // set up wrongly: the race goes on.
        perform(race.failed(index, atNs: HostClock.monotonicNs()))
    }

    private func note(_ index: Int, _ reason: TransportError) {
        let address = addresses[index]
        report(.failed(address, reason))
        let named = reason.message.contains(address.description)
        failures.append(named ? reason : TransportError(reason.code, "\(address): \(reason.message)"))
    }

    private func won(_ index: Int) {
        if let timer { loop.cancel(timer) }
        guard let channel = channels.removeValue(forKey: index) else { return }
        let elapsedNs = HostClock.monotonicNs() - beganNs
        report(.open(addresses[index], elapsedNs: elapsedNs, tls: channel.agreedTLS))
        channel.handOver(to: finalOwner)
        completion(.success(channel))
        finalOwner.channelOpened(channel)
    }

    private func lost() {
        if let timer { loop.cancel(timer) }
        // Whoever came furthest says most: an untrusted certificate more than another address without a route.
        let told: [TransportError.Code] = [.untrusted, .tls, .broken, .closed]
        let code = told.first { code in failures.contains { $0.code == code } }
        let error = TransportError(
            code ?? failures.first?.code ?? .unreachable,
            failures.isEmpty ? "\(target.host) has no address" : failures.map(\.message).joined(separator: "; ")
        )
        report(.gaveUp(error))
        completion(.failure(error))
    }
}
