import ExperimentModel
import Testing

@testable import Orchestration

// A fault for each line of each checklist.
extension ValidationTests {
    /// A line, a fault just there, how the line comes out, and what it says.
    struct Break: CustomTestStringConvertible {
        var sequence: ValidationSequence
        var line: Int
        var says: String
        var outcome = CheckRecord.Outcome.failed
        var fault: Fault
        var testDescription: String { "\(sequence.rawValue) \(line)" }
    }

    private static func badClock(_ host: String) -> Fault {
        Fault(record: { $0.hosts[host]?.clockBefore?.tracking?.rootDispersionSeconds = 0.5 })
    }

    private static var neverReached: Fault {
        Fault(forwarder: { summary in
            for index in summary.lanes[0].connections.indices {
                summary.lanes[0].connections[index].endpoint = nil
                summary.lanes[0].connections[index].opened = nil
                summary.lanes[0].connections[index].streaming = nil
                summary.lanes[0].connections[index].reason = "no route to host"
            }
        })
    }

    static var breaks: [Break] {
        [
            Break(sequence: .tokyo, line: 1, says: "more than maxError", fault: badClock("tokyo")),
            Break(
                sequence: .tokyo,
                line: 2,
                says: "nothing to judge",
                fault: Fault(record: { $0.hosts["tokyo"]?.agentSHA256 = nil })
            ),
            Break(sequence: .tokyo, line: 3, says: "no route to host", fault: neverReached),
            Break(
                sequence: .tokyo,
                line: 4,
                says: "no event came",
                fault: Fault(forwarder: { $0.lanes[0].counts.received = 0 })
            ),
            Break(
                sequence: .tokyo,
                line: 5,
                says: "1 of 200 events have no update id",
                fault: Fault(samples: { $0[3].updateID = 0 })
            ),
            Break(
                sequence: .tokyo,
                line: 6,
                says: "breaks in the numbers",
                fault: Fault(samples: { $0[7].sequence += 1 })
            ),
            Break(
                sequence: .tokyo,
                line: 7,
                says: "200 of 200 events without the kernel's time",
                fault: Fault(samples: { for index in $0.indices { $0[index].sourceKernelNs = SampleRecord.absent } })
            ),
            Break(sequence: .frankfurt, line: 1, says: "more than maxError", fault: badClock("frankfurt")),
            Break(
                sequence: .frankfurt,
                line: 2,
                says: "certificate expired",
                fault: Fault(receiver: {
                    $0.lanes[0].connections[0].opened = nil
                    $0.lanes[0].connections[0].streaming = nil
                    $0.lanes[0].connections[0].reason = "TLS: certificate expired"
                })
            ),
            Break(
                sequence: .frankfurt,
                line: 3,
                says: "the wall clock jumped 1 times",
                fault: Fault(samples: {
                    for index in $0.indices.suffix(50) { $0[index].arrivalWallNs += 3_600_000_000_000 }
                })
            ),
            Break(
                sequence: .frankfurt,
                line: 5,
                says: "no space left",
                fault: Fault(reporter: BrokenReporter())
            ),
            Break(sequence: .backbone, line: 1, says: "was not reached: no route to host", fault: neverReached),
            Break(
                sequence: .backbone,
                line: 2,
                says: "nothing to judge",
                fault: Fault(record: { record in
                    for index in record.phases.indices {
                        record.phases[index].checks.removeAll { $0.name == "listening" }
                    }
                })
            ),
            Break(
                sequence: .backbone,
                line: 3,
                says: "the receiver let no connection in: no route",
                fault: neverReached
            ),
            Break(
                sequence: .backbone,
                line: 4,
                says: "no event arrived",
                fault: Fault(receiver: { $0.lanes[0].counts.arrived = 0 })
            ),
            Break(
                sequence: .backbone,
                line: 5,
                says: "the sums do not come out",
                fault: Fault(receiver: { $0.lanes[0].counts.arrived -= 1 })
            ),
            Break(
                sequence: .backbone,
                line: 6,
                says: "no event carries the forwarder's time",
                fault: Fault(samples: { samples in
                    for index in samples.indices {
                        samples[index].sourceKernelNs = SampleRecord.absent
                        samples[index].sourceUserNs = SampleRecord.absent
                    }
                })
            ),
        ]
    }
}
