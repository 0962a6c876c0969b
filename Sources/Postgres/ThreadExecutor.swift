import Foundation

/// Runs an actor's work on one thread of its own, so that blocking calls never hold the cooperative pool.
package final class ThreadExecutor: SerialExecutor, @unchecked Sendable {
    // `condition` guards the two variables below.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isStopped = false

    /// Starts the thread.
    package init(name: String) {
        let thread = Thread { [weak self] in
            while let batch = self?.next() {
                self?.run(batch)
            }
        }
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Ends the thread once everything enqueued has run.
    package func stop() {
        condition.lock()
        isStopped = true
        condition.signal()
        condition.unlock()
    }

    private func next() -> [UnownedJob]? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty {
            if isStopped { return nil }
            condition.wait()
        }
        let batch = jobs
        jobs.removeAll(keepingCapacity: true)
        return batch
    }

    private func run(_ batch: [UnownedJob]) {
        for job in batch {
            unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
