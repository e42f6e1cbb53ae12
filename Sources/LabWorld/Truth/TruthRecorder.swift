import ExperimentModel
import Synchronization

/// Puts together what the exchange and the links know: when each event was sent, and when each link delivered it.
///
/// On the ways to the exchange an event is found by counting octets, since TLS hides everything else; on the backbone
/// by the update id inside the relayed message.
public final class TruthRecorder: Sendable, LinkObserver, ExchangeObserver {
    private struct Connection {
        var id: LinkConnectionID
        var match = DeliveryMatch()
    }

    private struct State {
        var log: TruthLog
        /// The links' open connections to the exchange, by the port that the exchange sees as its peer's.
        var byPort: [Int: Connection] = [:]
        var ports: [LinkConnectionID: Int] = [:]
        var relayed: [LinkConnectionID: RelayedUpdates] = [:]
    }

    private let state: Mutex<State>

    /// An empty recorder that keeps at most `limit` events.
    public init(limit: Int = 2_000_000) {
        state = Mutex(State(log: TruthLog(limit: limit)))
    }

    /// All that is known, in the order of sending; events still under way have no delivery yet.
    public var truths: [LabTruth] { state.withLock { $0.log }.truths }

    /// An event is about to be written.
    public func exchangeSends(updateID: Int64, sentNs: Int64) {
        state.withLock { $0.log.add(updateID: updateID, sentNs: sentNs) }
    }

    /// An event has been written to these connections.
    public func exchangeWrote(updateID: Int64, _ writes: [ExchangeWrite]) {
        state.withLock { state in
            for write in writes {
                guard let id = state.byPort[write.peerPort]?.id else { continue }
                let matches = state.byPort[write.peerPort]?.match.wrote(
                    updateID: updateID,
                    endOctets: write.endOctets
                )
                for match in matches ?? [] {
                    state.log.delivered(updateID: match.updateID, on: id, atNs: match.deliveredNs)
                }
            }
        }
    }

    /// A link's connection is open.
    public func linkConnected(_ connection: LinkConnectionID, localPort: Int) {
        state.withLock { state in
            if connection.link == .backbone {
                state.relayed[connection] = RelayedUpdates()
            } else {
                state.byPort[localPort] = Connection(id: connection)
                state.ports[connection] = localPort
            }
        }
    }

    /// A link handed octets on.
    public func linkDelivered(
        _ connection: LinkConnectionID,
        _ delivery: LinkDelivery,
        _ bytes: UnsafeRawBufferPointer
    ) {
        state.withLock { state in
            if let port = state.ports[connection] {
                for match in state.byPort[port]?.match.delivered(delivery) ?? [] {
                    state.log.delivered(updateID: match.updateID, on: connection, atNs: match.deliveredNs)
                }
            } else if var relayed = state.relayed.removeValue(forKey: connection) {
                func note(_ updateID: Int64) {
                    state.log.delivered(updateID: updateID, on: connection, atNs: delivery.deliveredNs)
                }
                relayed.next(bytes, note)
                if delivery.isDatagram { relayed.giveRest(note) }
                state.relayed[connection] = relayed
            }
        }
    }

    /// A link's connection is over.
    public func linkClosed(_ connection: LinkConnectionID) {
        state.withLock { state in
            state.relayed[connection] = nil
            guard let port = state.ports.removeValue(forKey: connection) else { return }
            if state.byPort[port]?.id == connection { state.byPort[port] = nil }
        }
    }
}
