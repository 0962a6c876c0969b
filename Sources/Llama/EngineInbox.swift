import Foundation

/// Work on its way from the thread that reads frames to the thread that computes.
final class EngineInbox: @unchecked Sendable {
    enum Item {
        case generate(PreparedGeneration)
        case embed(PreparedEmbeddings)
        case cancel(id: Int)
    }

    // `condition` guards everything below it.
    private let condition = NSCondition()
    private var items: [Item] = []
    private var context: LlamaContext?
    private var interruptible: Int?

    func put(_ item: Item) {
        condition.lock()
        defer { condition.unlock() }
        items.append(item)
        if case .cancel(let id) = item, id == interruptible {
            context?.abort(true)
        }
        condition.signal()
    }

    /// Everything that has come; if `isIdle`, sleeps until something does.
    func take(waiting isIdle: Bool) -> [Item] {
        condition.lock()
        defer { condition.unlock() }
        while isIdle, items.isEmpty {
            condition.wait()
        }
        defer { items.removeAll(keepingCapacity: true) }
        return items
    }

    /// Runs a call into the model that concerns generation `id` alone: cancelling it stops the call at once.
    func interruptible<Value>(
        _ id: Int,
        in context: LlamaContext,
        _ body: () throws(LlamaError) -> Value
    ) throws(LlamaError) -> Value {
        mark(id, context)
        defer {
            mark(nil, nil)
            context.abort(false)
        }
        return try body()
    }

    private func mark(_ id: Int?, _ context: LlamaContext?) {
        condition.lock()
        defer { condition.unlock() }
        interruptible = id
        self.context = context
        let isCancelled = items.contains { item in
            if case .cancel(let cancelled) = item { cancelled == id } else { false }
        }
        if isCancelled {
            context?.abort(true)
        }
    }
}
