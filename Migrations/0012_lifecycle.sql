-- What happens to subscriptions between beginning and end: pauses, what is withdrawn while it waits, where they stand
-- with what they owe, and whose usage is whose.

ALTER TABLE app.subscription_changes DROP CONSTRAINT IF EXISTS subscription_changes_kind_check;
ALTER TABLE app.subscription_changes ADD CONSTRAINT subscription_changes_kind CHECK (
    kind IN ('created', 'plan', 'quantities', 'cancel', 'pause', 'resume', 'withdraw'));

ALTER TABLE app.subscriptions DROP CONSTRAINT subscriptions_status_check;
ALTER TABLE app.subscriptions ADD CONSTRAINT subscriptions_status CHECK (
    status IN ('trialing', 'active', 'paused', 'past_due', 'suspended', 'cancelled', 'ended'));

-- Where it stands with what it owes; the status follows from it, and from the changes.
ALTER TABLE app.subscriptions ADD COLUMN standing text NOT NULL DEFAULT 'current';
ALTER TABLE app.subscriptions ALTER COLUMN standing DROP DEFAULT;
ALTER TABLE app.subscriptions ADD CONSTRAINT subscriptions_standing CHECK (
    standing IN ('current', 'past_due', 'suspended'));
ALTER TABLE app.subscriptions ADD CONSTRAINT subscriptions_standing_status CHECK (
    CASE status WHEN 'past_due' THEN standing = 'past_due' WHEN 'suspended' THEN standing = 'suspended' ELSE true END);

-- Since when it stands still.
ALTER TABLE app.subscriptions ADD COLUMN paused_at timestamptz;
ALTER TABLE app.subscriptions ADD CONSTRAINT subscriptions_paused CHECK (
    (status = 'paused') = (paused_at IS NOT NULL));

-- Whether only events that name it are its usage; then it may price a meter that another subscription prices too.
ALTER TABLE app.subscriptions ADD COLUMN names_usage boolean NOT NULL DEFAULT false;
ALTER TABLE app.subscriptions ALTER COLUMN names_usage DROP DEFAULT;

GRANT UPDATE (standing, paused_at) ON app.subscriptions TO abono_tenant, abono_system, abono_admin;

-- What moves to its next period by itself; a paused one does not.
DROP INDEX app.subscriptions_open;
CREATE INDEX subscriptions_open ON app.subscriptions (current_period_end, tenant_id, id)
    WHERE ended_at IS NULL AND paused_at IS NULL;

-- How the standing came about: one row for each time it became another.
CREATE TABLE app.subscription_standings (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    seq int NOT NULL CHECK (seq >= 1),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    standing text NOT NULL CHECK (standing IN ('current', 'past_due', 'suspended')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    author text NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id, seq)
);
SELECT app.distribute('app.subscription_standings');
SELECT app.isolate('app.subscription_standings');
ALTER TABLE app.subscription_standings ADD CONSTRAINT subscription_standings_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
GRANT SELECT, INSERT ON app.subscription_standings TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.subscription_standings TO abono_finance;
