import ArgumentParser

/// Reads options that are a number of seconds.
enum WholeSeconds {
    /// The number.
    ///
    /// - Throws: `ValidationError` that names the unit.
    static func read(_ text: String) throws -> Int {
        guard let seconds = Int(text) else {
            throw ValidationError("give whole seconds without a unit, as in 3600")
        }
        return seconds
    }
}
