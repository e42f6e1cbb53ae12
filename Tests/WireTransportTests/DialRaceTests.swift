import TestSupport
import Testing

@testable import WireTransport

/// Times here are milliseconds: the race takes whatever unit it is given.
struct DialRaceTests {
    private static let limits = DialRace.Limits(nextAttemptNs: 250, attemptNs: 5_000)

    private func race(_ count: Int) -> DialRace { DialRace(count: count, limits: Self.limits) }

    @Test("The next address is tried at once when one fails, without waiting")
    func failure() {
        var race = race(3)
        #expect(race.begin(atNs: 0) == [.attempt(0)])
        #expect(race.wakeNs == 250)
        #expect(race.failed(0, atNs: 3) == [.attempt(1)])
        #expect(race.wakeNs == 253)
        #expect(race.failed(1, atNs: 4) == [.attempt(2)])
        #expect(race.wakeNs == 5_004, "nobody is left to be tried")
        #expect(race.failed(2, atNs: 5) == [.lost])
        #expect(race.wakeNs == nil)
    }

    @Test("The next address is tried beside one that says nothing, and whoever is first wins")
    func silence() {
        var race = race(3)
        _ = race.begin(atNs: 0)
        #expect(race.timePassed(atNs: 249) == [])
        #expect(race.timePassed(atNs: 250) == [.attempt(1)])
        #expect(race.connected(1) == [.close(0)])
        #expect(race.opened(1) == [.won(1)])
        #expect(race.wakeNs == nil)
        #expect(race.failed(0, atNs: 300) == [], "it is over for the others")
        #expect(race.timePassed(atNs: 9_000) == [])
    }

    @Test("While one agrees on TLS no other is tried; the others get their turn when that fails after all")
    func untrusted() {
        var race = race(3)
        _ = race.begin(atNs: 0)
        _ = race.timePassed(atNs: 250)
        #expect(race.connected(1) == [.close(0)])
        #expect(race.wakeNs == 5_250, "only its own limit")
        #expect(race.timePassed(atNs: 4_000) == [])
        #expect(race.failed(1, atNs: 4_001) == [.attempt(0)])
        #expect(race.failed(0, atNs: 4_002) == [.attempt(2)])
        #expect(race.connected(2) == [])
        #expect(race.opened(2) == [.won(2)])
    }

    @Test("An attempt has a limit, also one whose TCP is up; the race ends when all are over")
    func limits() {
        var race = race(2)
        _ = race.begin(atNs: 0)
        _ = race.timePassed(atNs: 250)
        #expect(race.timePassed(atNs: 5_000) == [.expire(0)])
        #expect(race.timePassed(atNs: 5_250) == [.expire(1), .lost])

        var stuck = DialRace(count: 2, limits: Self.limits)
        _ = stuck.begin(atNs: 0)
        #expect(stuck.connected(0) == [])
        #expect(stuck.timePassed(atNs: 5_000) == [.expire(0), .attempt(1)])
    }

    @Test("Without an address there is nothing to win")
    func empty() {
        var race = race(0)
        #expect(race.begin(atNs: 0) == [.lost])
    }

    @Test(
        "Whatever happens in whatever order, it ends, one wins at most, and nobody is tried while already being tried"
    )
    func anyOrder() {
        for seed in 0..<2_000 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let count = Int.random(in: 1...5, using: &generator)
            var race = DialRace(count: count, limits: Self.limits)
            var running: Set<Int> = []
            var isOver = false
            var now: Int64 = 0
            func take(_ steps: [DialStep]) {
                for step in steps {
                    #expect(!isOver, "seed \(seed)")
                    switch step {
                    case .attempt(let index): #expect(running.insert(index).inserted, "seed \(seed)")
                    case .close(let index), .expire(let index):
                        #expect(running.remove(index) != nil, "seed \(seed)")
                    case .won(let index):
                        #expect(running == [index], "seed \(seed)")
                        isOver = true
                    case .lost:
                        #expect(running.isEmpty, "seed \(seed)")
                        isOver = true
                    }
                }
            }
            take(race.begin(atNs: now))
            var turns = 0
            while !isOver, turns < 1_000 {
                turns += 1
                let index = running.sorted().randomElement(using: &generator) ?? 0
                switch Int.random(in: 0..<8, using: &generator) {
                case 0: take(race.connected(index))
                case 1 where Bool.random(using: &generator): take(race.opened(index))
                case 2:
                    running.remove(index)
                    take(race.failed(index, atNs: now))
                default:
                    guard let wakeNs = race.wakeNs else { continue }
                    now = max(now, wakeNs)
                    take(race.timePassed(atNs: now))
                }
            }
            #expect(isOver, "seed \(seed)")
        }
    }
}
