/// What was paid for an invoice, and what of it went back, whichever way; all in minor units.
///
/// Pure.
struct MoneyBack: Hashable, Sendable {
    /// What it took of payments.
    let money: Int64
    /// What it took of credit.
    let credit: Int64
    /// What of that money was refunded, is on its way back, or was taken back by the customer's bank.
    let refunded: Int64
    /// What credit notes gave to the credit balance.
    let toBalance: Int64
    /// What credit notes gave to be paid out.
    let toRefund: Int64

    /// What can be given back yet.
    var left: Int64 { max(0, money + credit - refunded - toBalance - toRefund) }

    /// What of it is money.
    var moneyLeft: Int64 { max(0, min(left, money - refunded - toRefund)) }
}
