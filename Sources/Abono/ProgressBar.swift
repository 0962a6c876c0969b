import Foundation

/// A bar on standard error, only if that is a terminal.
struct ProgressBar {
    private static let width = 40

    private let isShown = isatty(STDERR_FILENO) == 1
    private var drawn = ContinuousClock.now - .seconds(1)

    /// Draws how much is done; at most ten times a second.
    mutating func show(_ done: Int, of total: Int?, _ text: String) {
        guard isShown, ContinuousClock.now - drawn >= .milliseconds(100) else { return }
        drawn = .now
        var line = "\r"
        if let total, total > 0 {
            let share = min(1, Double(done) / Double(total))
            let filled = Int(share * Double(Self.width))
            line += "[" + String(repeating: "█", count: filled) + String(repeating: " ", count: Self.width - filled)
            line += "] \(Int(share * 100)) %  "
        }
        FileHandle.standardError.write(Data((line + text + "\u{1B}[K").utf8))
    }

    /// Takes the bar away.
    func clear() {
        guard isShown else { return }
        FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
    }
}
