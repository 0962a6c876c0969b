import ArgumentParser
import Values
import Webhooks

extension WebhooksCommand {
    struct Events: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the types of events there are.",
            discussion: "  abono webhooks events --format csv"
        )

        @OptionGroup var options: GlobalOptions

        func run() async throws {
            let types = WebhookEventTypes.all
            Output(format: options.format).list(["event"], types.map { [$0] }, json: .array(types.map { .string($0) }))
        }
    }
}
