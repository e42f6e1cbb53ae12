import Foundation
import Reporting

/// Reports with the JSON that their figures have to equal, in a folder, for programs that look at them.
struct ReportFolder {
    let url: URL
    private let isKept: Bool

    /// Writes reports into a new folder, or into that of `LATEXP_REPORTS` to be looked at.
    static func write(only kinds: [SyntheticKind]? = nil) throws -> ReportFolder {
        let named = ProcessInfo.processInfo.environment["LATEXP_REPORTS"].map { URL(filePath: $0) }
        let url = named ?? FileManager.default.temporaryDirectory.appending(path: "latexp-html-\(UUID().uuidString)")
        let folder = ReportFolder(url: url, isKept: named != nil)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        for kind in kinds ?? SyntheticKind.allCases {
            let analysis = try kind.analysis()
            try folder.write(HTMLReport.render(analysis), "\(kind.rawValue).html")
            try folder.write(try OutputFormat.json.render(analysis), "\(kind.rawValue).json")
        }
        if kinds == nil {
            for (name, campaign) in SyntheticCampaign.all() {
                try folder.write(CampaignHTML.render(campaign), "\(name).html")
                try folder.write(try OutputFormat.json.render(campaign), "\(name).json")
            }
        }
        for (name, comparison) in kinds == nil ? try SyntheticComparison.all() : [] {
            try folder.write(HTMLReport.render(comparison), "\(name).html")
            try folder.write(try OutputFormat.json.render(comparison), "\(name).json")
        }
        return folder
    }

    /// The JSON files.
    var jsonFiles: [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter { $0.hasSuffix(".json") }.map { url.appending(path: $0).path }
    }

    /// Takes the folder away, unless it is to be looked at.
    func remove() {
        if !isKept { try? FileManager.default.removeItem(at: url) }
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: url.appending(path: name))
    }
}
