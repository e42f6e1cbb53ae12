import Foundation
import Synchronization

@testable import LabWorld

/// A DNS server (RFC 1035 section 4) on port 53 of a namespace's loopback that answers with the addresses it was given.
final class NameServer: Sendable {
    /// The addresses of one name.
    struct Records: Sendable {
        var name: String
        var ipv4: [String]
        var ipv6: [String]
    }

    private let descriptor: Int32
    private let state: Mutex<(records: Records, isOver: Bool)>

    /// Starts one.
    init(_ records: Records, in namespace: NetworkNamespace) async throws {
        state = Mutex((records, false))
        descriptor = try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: it stays in the namespace.
            Thread { continuation.resume(with: Result { try Self.open(in: namespace) }) }.start()
        }
        Thread { [self] in serve() }.start()
    }

    private static func open(in namespace: NetworkNamespace) throws -> Int32 {
        try namespace.enter()
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var limit = timeval(tv_sec: 0, tv_usec: 100_000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(53).bigEndian
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, bound == 0 else { throw CocoaError(.fileWriteUnknown) }
        return descriptor
    }

    /// Answers differently from now on.
    func answer(_ records: Records) {
        state.withLock { $0.records = records }
    }

    /// Ends it; its thread closes the port.
    func stop() {
        state.withLock { $0.isOver = true }
    }

    private func serve() {
        var question = [UInt8](repeating: 0, count: 512)
        while !state.withLock({ $0.isOver }) {
            var from = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            withUnsafeMutablePointer(to: &from) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    let count = recvfrom(descriptor, &question, question.count, 0, address, &length)
                    guard count > 12, let answer = answer(to: Array(question[..<count])) else { return }
                    _ = sendto(descriptor, answer, answer.count, 0, address, length)
                }
            }
        }
        close(descriptor)
    }

    private func answer(to message: [UInt8]) -> [UInt8]? {
        var labels: [String] = []
        var place = 12
        while place < message.count, message[place] > 0 {
            let end = place + 1 + Int(message[place])
            guard end <= message.count else { return nil }
            labels.append(String(decoding: message[(place + 1)..<end], as: UTF8.self))
            place = end
        }
        guard place + 5 <= message.count else { return nil }
        let type = message[place + 2]
        let records = state.withLock { $0.records }
        let isKnown = labels.joined(separator: ".").lowercased() == records.name
        let addresses: [[UInt8]] =
            switch type {
            case _ where !isKnown: []
            case 1: records.ipv4.map { Self.octets(AF_INET, $0, count: 4) }
            case 28: records.ipv6.map { Self.octets(AF_INET6, $0, count: 16) }
            default: []
            }
        // The question's number; an answer with authority; no such name (3) when it is another.
        var answer = Array(message[..<2]) + [0x85, isKnown ? 0x80 : 0x83, 0, 1, 0, UInt8(addresses.count), 0, 0, 0, 0]
        answer += message[12..<(place + 5)]
        for address in addresses {
            // The name is the question's; type, class IN, a minute's life, length.
            answer += [0xC0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, UInt8(address.count)] + address
        }
        return answer
    }

    private static func octets(_ family: Int32, _ text: String, count: Int) -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: count)
        precondition(inet_pton(family, text, &octets) == 1, "\(text) is no address")
        return octets
    }
}
