import Foundation

/// Finds numbers in a file that no run has: whatever is computed from the others fits 64 bits.
enum NumberCheck {
    /// Events, octets, seconds: more than any run can have, and few enough for thousands of them to be added.
    private static let mostElsewhere = 1e15

    /// The first number of a JSON text that is beyond all bounds, with the keys that lead to it; nil when there is
    /// none.
    static func fault(_ json: Data) -> String? {
        guard let value = try? JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed) else { return nil }
        return fault(value, key: "")
    }

    private static func fault(_ value: Any, key: String) -> String? {
        if let object = value as? [String: Any] {
            // A seed is any number, and what was supplied is nothing that is computed from.
            for (name, inner) in object.sorted(by: { $0.key < $1.key }) where name != "seed" && name != "supplied" {
                if let found = fault(inner, key: name) { return key.isEmpty ? found : "\(key).\(found)" }
            }
        } else if let array = value as? [Any] {
            for inner in array {
                if let found = fault(inner, key: key) { return found }
            }
        } else if let number = value as? NSNumber {
            let most = key.hasSuffix("Ns") ? Double(RecordCheck.mostNs) : mostElsewhere
            if !(abs(number.doubleValue) <= most) { return "\(key): \(number)" }
        }
        return nil
    }
}
