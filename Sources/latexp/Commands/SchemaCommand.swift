import ArgumentParser
import ExperimentModel

/// Prints the JSON Schema of the experiment file.
struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the JSON Schema of the experiment file, for editors and other programs.",
        discussion: """
            latexp schema >experiment.schema.json, and in the experiment file "$schema": "experiment.schema.json": editors then \
            complete and check its keys.
            """
    )

    func run() {
        Terminal.results.write(ExperimentSchema.text)
    }
}
