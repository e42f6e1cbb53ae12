import ExperimentModel
import Foundation
import Testing

@testable import LabWorld

struct LabRequestTests {
    @Test
    func `what is left out gets its default`() throws {
        let request = try LabRequest.read(Data("{lab: {rate: 50}, market: 'spot'}".utf8), fileName: "spec.json")
        #expect(request == LabRequest(lab: LabSpecification(rate: 50), market: .spot))
    }

    @Test
    func `a whole request is read as it was written`() throws {
        let request = LabRequest(
            lab: LabSpecification(seed: 5, rate: 7, clockFault: .noDaemon),
            market: .coinm,
            streams: ["btcusd_perp@trade"],
            receiverPort: 4_000,
            local: true
        )
        #expect(try LabRequest.read(try JSONEncoder().encode(request), fileName: "x") == request)
    }

    @Test(
        arguments: [
            ("{", "spec.json"),
            ("[]", "should be an object"),
            ("{lab: {direkt: {}}}", "lab.direkt is not known; did you mean 'direct'?"),
            ("{lab: {direct: {delay: '5 parsec'}}}", "5 parsec"),
            ("{lab: {rate: 0}}", "lab.rate"),
            ("{lab: {backbone: {delay: '1m'}}}", "lab.backbone"),
            ("{lab: 3}", "lab should be an object"),
            ("{market: 'moon'}", "moon"),
            ("{streams: []}", "streams"),
            ("{receiverPort: 70000}", "receiverPort"),
        ]
    )
    func `what is wrong is named`(_ text: String, _ part: String) {
        let error = #expect(throws: LabError.self) { try LabRequest.read(Data(text.utf8), fileName: "spec.json") }
        #expect(error?.code == .specification)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.message.hasPrefix("spec.json") == true)
        #expect(error?.message.contains("\n") == false)
    }

    @Test
    func `a program that is not there is named with the way to get it`() {
        let error = #expect(throws: LabError.self) {
            try Tool("latexp-no-such-program", package: (apt: "some-package", brew: "some-formula"))
        }
        #expect(error?.code == .missingTool)
        #if os(macOS)
            #expect(error?.message == "latexp-no-such-program is not installed: brew install some-formula")
        #else
            #expect(error?.message == "latexp-no-such-program is not installed: apt-get install some-package")
        #endif
    }

    @Test
    func `a directory with another world in it is left alone`() throws {
        let folder = try TemporaryDirectory()
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path("user_key")))
        let error = #expect(throws: LabError.self) { try LabDirectory(folder.path) }
        #expect(error?.code == .directory)
        #expect(try String(contentsOfFile: folder.path("user_key"), encoding: .utf8) == "x")
    }
}
