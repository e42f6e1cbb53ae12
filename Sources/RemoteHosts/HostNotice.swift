/// What is to be told of a host while somebody waits for it: a wait that nobody explains looks like a hang.
public enum HostNotice: Sendable, Equatable {
    /// It answers, perhaps again.
    case answers
    /// It is not waited for any more, whether it answers or not.
    case givenUp
    /// It has not answered for so long, though its connection still stands, or is just being made.
    case silent(Duration)
    /// It could not be reached, or its connection is lost, and it is tried again: why, and for how much longer.
    case retrying(reason: String, left: Duration)
}
