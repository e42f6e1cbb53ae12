import ExperimentModel
import Foundation

extension LabRequest {
    /// Reads a request from JSON5; what is left out gets the documented default, and unknown keys are errors.
    ///
    /// - Throws: `LabError` `specification` that names the place.
    public static func read(_ data: Data, fileName: String) throws -> LabRequest {
        do {
            let supplied = try JSONValue(json5: data)
            let defaults = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(LabRequest()))
            let complete = try merge(supplied, over: defaults, place: "")
            let request = try JSONDecoder().decode(LabRequest.self, from: JSONEncoder().encode(complete))
            try request.check()
            return request
        } catch let error as LabError {
            throw LabError(error.code, "\(fileName): \(error.message)", cause: error.cause)
        } catch let DecodingError.dataCorrupted(context), let DecodingError.typeMismatch(_, context) {
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            let reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
            throw LabError(.specification, "\(fileName): \(place.isEmpty ? "" : "\(place): ")\(reason)")
        } catch {
            throw LabError(.specification, "\(fileName): \(error)", cause: error)
        }
    }

    private static func merge(_ supplied: JSONValue, over defaults: JSONValue, place: String) throws -> JSONValue {
        guard case .object(var result) = defaults else { return supplied }
        guard case .object(let members) = supplied else {
            throw LabError(
                .specification,
                "\(place.isEmpty ? "it" : place) should be an object, and is \(supplied.kindName)"
            )
        }
        for (key, value) in members {
            let path = place.isEmpty ? key : "\(place).\(key)"
            guard let standard = result[key] else {
                let nearest = NearestName.to(key, among: result.keys.sorted()).map { "; did you mean '\($0)'?" } ?? ""
                throw LabError(.specification, "\(path) is not known\(nearest)")
            }
            result[key] = try merge(value, over: standard, place: path)
        }
        return .object(result)
    }

    private func check() throws {
        if let problem = lab.problems().first { throw LabError(.specification, "\(problem)") }
        guard !streams.isEmpty else { throw LabError(.specification, "streams must name at least one stream") }
        guard (0...65_535).contains(receiverPort) else {
            throw LabError(.specification, "receiverPort must be a TCP port, or 0 for any free one")
        }
    }
}
