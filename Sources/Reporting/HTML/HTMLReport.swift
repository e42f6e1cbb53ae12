/// A report as one self-contained file: no network, light and dark, readable on a phone, on paper and without scripts.
public enum HTMLReport {
    /// The report of one run, with its figures.
    public static func render(_ analysis: RunAnalysis) -> String {
        HTMLPage(title: analysis.runID, body: RunPage(analysis).body).html
    }

    /// The report of a comparison.
    public static func render(_ comparison: RunComparison) -> String {
        HTMLPage(title: "Comparison of runs", body: ComparisonPage(comparison).body).html
    }
}

/// The frame of a report: head, style, script.
struct HTMLPage {
    /// Nothing is fetched from anywhere: a browser holds the page to it.
    private static let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"

    var title: String
    /// What a kind of report needs beside the common style.
    var style = ""
    var body: String

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
        <title>\(Markup.escape(title))</title>
        <style>
        \(HTMLStyle.css)
        \(style)
        </style>
        </head>
        <body>
        <main>
        \(body)
        </main>
        <script>
        \(HTMLScript.javaScript)
        </script>
        </body>
        </html>

        """
    }
}
