import Foundation
import Inference

/// Commands with prompts on their way from the thread that reads frames to the one that tokenises.
///
/// They are apart so that pings are answered while long prompts are read.
final class PromptQueue: @unchecked Sendable {
    // `condition` guards everything below it.
    private let condition = NSCondition()
    private var commands: [EngineCommand] = []
    /// Generations that have come and are not with the engine's loop yet.
    private var unread: Set<Int> = []

    /// Puts a command at the end.
    func put(_ command: EngineCommand) {
        condition.lock()
        defer { condition.unlock() }
        if case .generate(let generation) = command {
            unread.insert(generation.id)
        }
        commands.append(command)
        condition.signal()
    }

    /// Lets a cancellation follow its generation, if that is still here; false if it has gone on.
    func putCancellation(of id: Int) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        guard unread.contains(id) else { return false }
        commands.append(.cancel(id: id))
        condition.signal()
        return true
    }

    /// Hands each command to `body`, one after another; sleeps while there is none.
    func run(_ body: (EngineCommand) -> Void) -> Never {
        while true {
            let command = next()
            body(command)
            if case .generate(let generation) = command {
                condition.withLock { _ = unread.remove(generation.id) }
            }
        }
    }

    private func next() -> EngineCommand {
        condition.lock()
        defer { condition.unlock() }
        while commands.isEmpty {
            condition.wait()
        }
        return commands.removeFirst()
    }
}
