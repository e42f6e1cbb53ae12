import Testing

/// Everything that runs whole experiments: one after the other, since two cores are few for worlds with known delays.
@Suite(.serialized)
enum WholeRuns {}
