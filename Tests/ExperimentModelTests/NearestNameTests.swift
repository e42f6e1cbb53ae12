import ExperimentModel
import Testing

struct NearestNameTests {
    private let known = ["duration", "warmUp", "lanesPerPath", "mode"]

    @Test(
        "A slip finds the name that was meant",
        arguments: [("duraton", "duration"), ("warmup", "warmUp"), ("lanePerPath", "lanesPerPath"), ("mdoe", "mode")]
    )
    func slip(name: String, meant: String) {
        #expect(NearestName.to(name, among: known) == meant)
    }

    @Test("Something else finds nothing", arguments: ["colour", "x", ""])
    func unrelated(name: String) {
        #expect(NearestName.to(name, among: known) == nil)
    }

    @Test("Without candidates there is no nearest one")
    func none() {
        #expect(NearestName.to("mode", among: []) == nil)
    }
}
