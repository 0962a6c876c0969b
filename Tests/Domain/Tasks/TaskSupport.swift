import Inference
import Testing
import Values

/// What a task that needs no model makes of its fields.
func computed(_ name: TaskName, _ fields: JSONObject) throws -> JSONValue {
    var fields = try JSONFields(.object(fields))
    return try #require(try TaskRequest(name, &fields).computed())
}

/// The share of cases that are right; those that are not are told.
func share<Case>(of cases: [Case], _ isRight: (Case) throws -> Bool) rethrows -> Double {
    var right = 0
    for some in cases {
        if try isRight(some) { right += 1 } else { print("wrong: \(some)") }
    }
    return Double(right) / Double(cases.count)
}
