import Synchronization

/// The passphrases of private keys: each is asked for once, however many hosts use the key.
public final class PassphraseStore: Sendable {
    /// Wrong answers for one key and one host before it is given up, as ssh does it.
    static let tries = 3

    private let ask: @Sendable (_ keyDescription: String) -> String?
    /// What was answered, by the file's path; held while somebody is asked, so that the others wait for the answer.
    private let answers = Mutex<[String: String]>([:])

    /// A store that asks by `ask`, which may block and returns nil when there is no answer.
    public init(_ ask: @escaping @Sendable (_ keyDescription: String) -> String?) {
        self.ask = ask
    }

    /// The passphrase of a key, unless it is the one that has just turned out wrong; nil when nobody knows it.
    func passphrase(for file: PrivateKeyFile, insteadOf wrong: String?) -> String? {
        answers.withLock { answers in
            if let answer = answers[file.path], answer != wrong { return answer }
            guard !Task.isCancelled else { return nil }
            let answer = ask(file.summary + (wrong == nil ? "" : " (the last one was wrong)"))
            answers[file.path] = answer
            return answer
        }
    }
}

/// What a login ends with that needs a passphrase: the connection is given up while somebody is asked, since neither the
/// server nor our own limits wait for people.
struct PassphraseNeeded: Error {
    let file: PrivateKeyFile
    /// The passphrase that did not open the key; nil when there was none yet.
    let wrong: String?
}

/// What is known of the passphrases of one host's keys while it is connected to.
struct PassphraseAnswers {
    /// The answer by the file's path; nil for one that nobody could answer.
    private(set) var answers: [String: String?] = [:]
    private var wrongAnswers: [String: Int] = [:]

    /// What stands for a key: no answer yet, one, or none to be had.
    subscript(path: String) -> String?? { answers[path] }

    /// Asks for what is needed; false when it was asked for often enough.
    mutating func ask(_ store: PassphraseStore, for need: PassphraseNeeded) -> Bool {
        if need.wrong != nil {
            wrongAnswers[need.file.path, default: 0] += 1
            guard wrongAnswers[need.file.path, default: 0] < PassphraseStore.tries else { return false }
        }
        let answer = store.passphrase(for: need.file, insteadOf: need.wrong)
        // Nothing after a typo: it stays a wrong passphrase.
        if answer == nil, need.wrong != nil { return false }
        answers[need.file.path] = .some(answer)
        return true
    }
}
