import ExperimentModel
import Foundation
import Testing

@testable import LabWorld

@Suite(.serialized, .timeLimit(.minutes(1)))
struct LabTruthTests {
    /// Takes the feed over both ways to the exchange, relays Tokyo's over the backbone, and notes when each event came.
    private static let relay = """
        arrivals = {"direct": [], "tokyo": [], "backbone": []}
        def note(path, text):
            arrivals[path].append([json.loads(text)["data"]["u"], time.time_ns()])
        async def serve(reader, writer):
            try:
                while True:
                    length = struct.unpack(">I", await reader.readexactly(4))[0]
                    note("backbone", await reader.readexactly(length))
            except asyncio.IncompleteReadError: pass
        async def take(path, port, forward, end):
            async with connect("/public/stream?streams=btcusdt@bookTicker", port=port) as client:
                while time.time() < end:
                    text = await client.recv()
                    note(path, text)
                    if forward:
                        raw = text.encode()
                        forward.write(struct.pack(">I", len(raw)) + raw)
                        await forward.drain()
        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", arguments["receiver"])
            _, forward = await asyncio.open_connection("127.0.0.1", arguments["backbone"])
            end = time.time() + 4
            await asyncio.gather(take("direct", arguments["direct"], None, end), take("tokyo", arguments["tokyo"], forward, end))
            await asyncio.sleep(0.5)
            print(json.dumps(arrivals))
        asyncio.run(main())
        """

    private struct Input: Encodable {
        var ca: String
        var port = 0
        var direct: Int
        var tokyo: Int
        var backbone: Int
        var receiver: Int
    }

    private typealias Arrivals = [String: [[Int64]]]

    private func port(_ address: String?) throws -> Int {
        try #require(Int((address ?? "").split(separator: ":").last ?? ""))
    }

    private func measure(_ lab: Lab) async throws -> (Arrivals, [LabTruth]) {
        let description = lab.description
        let exchange = "exchange.lab:443"
        let receiver = description.receiverPort
        let input = Input(
            ca: description.caFile,
            direct: try port(description.hosts["frankfurt"]?.connectTo?[exchange]),
            tokyo: try port(description.hosts["tokyo"]?.connectTo?[exchange]),
            backbone: try port(description.hosts["tokyo"]?.connectTo?["127.0.0.1:\(receiver)"]),
            receiver: receiver
        )
        let arrivals = try await Python.run(Self.relay, input, as: Arrivals.self)
        let count = try lab.writeTruth()
        let truths = try LabTruth.read(try String(contentsOfFile: description.truthFile, encoding: .utf8))
        #expect(truths.count == count)
        return (arrivals, truths)
    }

    /// How late the client had each event after the link delivered it.
    private func lags(_ arrivals: [[Int64]]?, _ truths: [Int64: LabTruth], _ path: KeyPath<LabTruth, Int64?>) throws
        -> [Int64]
    {
        let events = try #require(arrivals)
        #expect(events.count > 100)
        let known = events.compactMap { event in truths[event[0]]?[keyPath: path].map { event[1] - $0 } }
        #expect(known.count == events.count, "the truth of every event that came is known")
        return known.sorted()
    }

    @Test
    func `the truth is what an independent client sees`() async throws {
        let folder = try TemporaryDirectory()
        let jitter = TimeSpan(ns: 200_000)
        let request = LabRequest(
            lab: LabSpecification(
                direct: LabSpecification.Link(delay: .milliseconds(40), jitter: jitter),
                tokyo: LabSpecification.Link(delay: .milliseconds(1), jitter: jitter),
                backbone: LabSpecification.Link(delay: .milliseconds(20), jitter: jitter)
            ),
            local: true
        )
        let (arrivals, list) = try await Lab.run(request, directory: folder.path("lab")) { try await measure($0) }
        #expect(zip(list, list.dropFirst()).allSatisfy { $0.updateID < $1.updateID && $0.sentNs <= $1.sentNs })
        let truths = Dictionary(uniqueKeysWithValues: list.map { ($0.updateID, $0) })
        for (path, key) in [("direct", \LabTruth.directNs), ("tokyo", \.tokyoNs), ("backbone", \.backboneNs)] {
            let lags = try lags(arrivals[path], truths, key)
            #expect(try #require(lags.first) > 0, "\(path): nobody has an event before its delivery")
            // A busy machine delays a client, but not for every event.
            #expect(lags[lags.count / 10] < 3_000_000, "\(path): Python has it soon after")
        }
        let complete = list.filter { $0.directNs != nil && $0.tokyoNs != nil && $0.backboneNs != nil }
        #expect(complete.count > 100)
        for truth in complete {
            guard let directNs = truth.directNs, let tokyoNs = truth.tokyoNs, let backboneNs = truth.backboneNs else {
                continue
            }
            #expect(directNs - truth.sentNs >= 40_000_000)
            #expect(tokyoNs - truth.sentNs >= 1_000_000)
            #expect(backboneNs - tokyoNs >= 20_000_000)
        }
        let delays = complete.compactMap { truth in truth.directNs.map { $0 - truth.sentNs } }.sorted()
        #expect(delays[delays.count / 10] < 42_000_000)
        #expect(!FileManager.default.fileExists(atPath: folder.path("lab")))
    }
}
