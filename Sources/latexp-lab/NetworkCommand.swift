import ArgumentParser
import ExperimentModel
import Foundation
import LabWorld

struct NetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network",
        abstract: "Brings up hosts of their own joined by packet links: network namespaces (Linux, root).",
        discussion: """
            When everything is up, one line of JSON on standard output names the lab's files and namespaces. Lines on \
            standard input, each answered with a line of JSON:
              link NAME delay=112ms jitter=200us loss=0.1% rate=10M cut=5s     changes a link, any of these
              exchange close 1008 REASON | shutdown 3s | silence | reset | tear | kill-one | heal | burst 50000 |
                       nonsense 100 | bad-frame | huge-frame
                          what goes wrong at the exchange: closes; announces its end and closes; falls silent on the \
            present connections; breaks off inside a message; ends inside a TLS record; one connection of each host is broken \
            off and gets nothing afterwards, until healed; sends so many events within a second; sends what are no messages, or no frames
              sent        the events that the exchange sent on each connection so far, by the other end's port
              links       what the links did with their packets so far
              truth       writes down what is known of each event so far
              quit        ends the lab
            """
    )

    @Option(help: "The file that says what lab it shall be (JSON5); without it the usual one.")
    var spec: String?

    @Option(help: "Where the lab's files go; made if it is not there, and closed to other users.")
    var directory: String

    @Option(help: "What the namespaces' names begin with.")
    var name: String?

    @Flag(help: "Hosts without sshd and chronyd, for agents that are started by hand in their namespaces.")
    var bare = false

    @Flag(help: "The exchange's events come at an even pace, and not in bursts.")
    var even = false

    func run() async throws {
        do {
            let control = try LabControl()
            defer { control.stop() }
            let request = try spec.map { try LabRequest.read(try Self.read($0), fileName: $0) } ?? LabRequest()
            let parts: NetworkLab.Parts = bare ? .exchangeAndLinks : .all
            try await NetworkLab.run(request, directory: directory, name: name, parts: parts, isEven: even) { lab in
                try Answer.say(Up(hosts: lab.inventoryFile, caFile: lab.description.caFile, namespaces: lab.namespaces))
                try await obey(control, lab)
            }
        } catch {
            FileHandle.standardError.write(Data("latexp-lab: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }

    private static func read(_ file: String) throws -> Data {
        do {
            return try Data(contentsOf: URL(fileURLWithPath: file))
        } catch {
            throw LabError(.specification, "cannot read \(file): \(error.localizedDescription)", cause: error)
        }
    }

    private func obey(_ control: LabControl, _ lab: NetworkLab) async throws {
        for await event in control.events {
            guard case .line(let line) = event else { return }
            let words = line.split(separator: " ").map(String.init)
            do {
                switch words.first {
                case "link" where words.count > 2:
                    try lab.link(words[1]).change(PacketLinkChange(words: Array(words.dropFirst(2))))
                    try Answer.say(["changed": words[1]])
                case "exchange" where words.count > 1:
                    lab.exchange.obey(try ExchangeCommand(words: Array(words.dropFirst())))
                    try Answer.say(["exchange": words[1]])
                case "sent": try Answer.say(lab.exchange.accounts)
                case "links": try Answer.say(lab.links.map(LinkFigures.init))
                case "truth": try Answer.say(["events": try lab.writeTruth()])
                case "quit": return
                case nil: continue
                default:
                    throw LabError(
                        .specification,
                        "'\(line.prefix(100))' is not known; see `latexp-lab network --help`"
                    )
                }
            } catch let error as LabError {
                try Answer.say(["error": error.message])
            }
        }
    }

    private struct Up: Encodable {
        var hosts: String
        var caFile: String
        var namespaces: [String: String]
    }
}

/// What one link did, in the words of its answer.
private struct LinkFigures: Encodable {
    struct Direction: Encodable {
        var received: Int
        var lost: Int
        /// Datagrams among them that carried a market-data message.
        var lostUpdates: Int
        var p50Ms: Double?
        var p99Ms: Double?

        init(_ record: PacketRecord) {
            received = record.received
            lost = record.lost
            lostUpdates = record.lostUpdates
            p50Ms = record.delayNs(quantile: 0.5).map { Double($0) / 1e6 }
            p99Ms = record.delayNs(quantile: 0.99).map { Double($0) / 1e6 }
        }
    }

    var link: String
    var outward: Direction
    var inward: Direction

    init(_ link: PacketLink) {
        let records = link.records
        self.link = link.name
        outward = Direction(records.outward)
        inward = Direction(records.inward)
    }
}
