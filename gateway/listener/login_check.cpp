// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/login_check.h"

#include "base/log.h"

#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>
#include <utility>

namespace postern::listener {
namespace {

constexpr size_t kMostAddresses = 10'000; // remembered for back-off

// A credentials entry is the hash, or "user:hash".
QByteArray hashOf(const QByteArray& value) {
    const qsizetype colon = value.indexOf(':');
    return colon < 0 ? value : value.mid(colon + 1);
}

// Where the hash stands, for the log.
QByteArray sourceOf(const LoginQuestion& asked) {
    return asked.credentials ? "table " + asked.credentials->name() : QByteArray("the accounts of this computer");
}

} // namespace

LoginCheck::LoginCheck(const Clock& clock, std::function<void(SessionEvent)> report, Done done, LoginLimits limits,
                       std::function<AccountHash(const QByteArray&)> accounts)
    : m_clock(clock), m_report(std::move(report)), m_done(std::move(done)), m_limits(limits), m_accounts(std::move(accounts)),
      m_steps([this](std::vector<Step>&& steps) {
          for (Step& step : steps)
              onStep(std::move(step));
      }),
      m_workers(size_t(m_limits.workers)) {}

LoginCheck::~LoginCheck() {
    m_workers.clear();
}

void LoginCheck::check(LoginQuestion question) {
    const Ticket ticket = ++m_lastTicket;
    const auto steps = m_steps.address();
    const auto [at, isNew] = m_pending.emplace(ticket, std::move(question));
    const LoginQuestion& asked = at->second;
    if (m_pending.size() > size_t(m_limits.mostPending)) {
        log(LogLevel::Warning, LogArea::Smtp, "too many sign-ins at once; " + asked.clientAddress + " was told to try again");
        steps.post({ticket, std::monostate{}});
        return;
    }
    if (!asked.credentials) {
        m_workers.post([steps, ticket, user = asked.user, accounts = m_accounts] {
            steps.post({ticket, Account{accounts(user)}});
        });
        return;
    }
    const tables::TablePtr table = asked.credentials;
    table->lookup(tables::Service::Credentials, asked.user.toLower(),
                  [steps, ticket](tables::LookupResult result) { steps.post({ticket, Looked{std::move(result)}}); });
}

void LoginCheck::onStep(Step step) {
    if (const auto* looked = std::get_if<Looked>(&step.what))
        onLooked(step.ticket, looked->result);
    else if (const auto* account = std::get_if<Account>(&step.what))
        onAccount(step.ticket, account->account);
    else if (const auto* hashed = std::get_if<Hashed>(&step.what))
        onHashed(step.ticket, *hashed);
    else
        answer(step.ticket, smtp::LoginOutcome::BackendDown);
}

void LoginCheck::onAccount(Ticket ticket, const AccountHash& account) {
    switch (account.state) {
    case AccountHash::State::Found:
        onLooked(ticket, {true, account.hash, {}, false});
        return;
    case AccountHash::State::NoSuchUser:
        onLooked(ticket, {});
        return;
    case AccountHash::State::NotPermitted:
        onLooked(ticket, {false, "only root may read their passwords, and the gateway does not run as root; give the listener a "
                                 "table of users: auth <users>", {}, true});
        return;
    case AccountHash::State::Failed:
        onLooked(ticket, {false, "the system cannot look the user up", {}, true});
        return;
    }
}

void LoginCheck::onLooked(Ticket ticket, const tables::LookupResult& result) {
    const auto at = m_pending.find(ticket);
    if (at == m_pending.end())
        return;
    const LoginQuestion& asked = at->second;
    const QByteArray source = sourceOf(asked);
    if (result.failed) {
        backendDown(ticket, source + " cannot be asked: " + result.value);
        return;
    }
    QByteArray hash = !result.found ? QByteArray() : asked.credentials ? hashOf(result.value) : result.value;
    bool known = result.found;
    if (known && kindOfHash(hash) == HashKind::Unusable)
        log(LogLevel::Warning, LogArea::Smtp,
            "nobody can sign in as " + harmless(asked.user, 100) + ": the entry in " + source + " is " +
                describeUnusable(hash) + "; make one with: posternctl encrypt");
    if (known && kindOfHash(hash) == HashKind::Usable)
        m_examples[source] = hash;
    else
        known = false; // locked or unusable: the client hears what it would hear of a user that does not exist
    if (asked.password.isEmpty() || asked.password.expose().contains('\0') ||
        asked.password.expose().size() > m_limits.longestPassword) {
        onHashed(ticket, {PasswordCheck::Wrong, known}); // crypt(3) would stop at a NUL, or compute for ever
        return;
    }
    if (!known)
        hash = exampleHash(asked);
    m_workers.post([ticket, known, hash, password = asked.password, steps = m_steps.address()] {
        Hashed hashed{PasswordCheck::Wrong, known};
        if (known)
            hashed.check = verifyPassword(password, hash);
        else
            pretendToVerify(password, hash);
        steps.post({ticket, hashed});
    });
}

void LoginCheck::onHashed(Ticket ticket, const Hashed& hashed) {
    const auto at = m_pending.find(ticket);
    if (at == m_pending.end())
        return;
    const LoginQuestion& asked = at->second;
    switch (hashed.check) {
    case PasswordCheck::Right:
        m_failures.erase(asked.clientAddress);
        answer(ticket, smtp::LoginOutcome::Accepted);
        return;
    case PasswordCheck::CannotTell:
        log(LogLevel::Warning, LogArea::Smtp,
            "nobody can sign in as " + harmless(asked.user, 100) + ": the hash in " + sourceOf(asked) +
                " is damaged, or this system's crypt does not know its kind");
        answerLater(ticket);
        return;
    case PasswordCheck::Wrong:
        answerLater(ticket);
        return;
    }
}

void LoginCheck::answerLater(Ticket ticket) {
    const LoginQuestion& asked = m_pending.at(ticket);
    const QByteArray user = harmless(asked.user, 100);
    const SteadyTime now = m_clock.steady();
    const auto isOld = [&](const Failures& failures) { return now - failures.last > m_limits.backOffMemory; };
    if (m_failures.size() >= kMostAddresses)
        std::erase_if(m_failures, [&](const auto& entry) { return isOld(entry.second); });
    if (m_failures.size() >= kMostAddresses)
        m_failures.clear();
    Failures& failures = m_failures[asked.clientAddress];
    failures.count = isOld(failures) ? 1 : failures.count + 1;
    failures.last = now;
    m_report({SessionEvent::Kind::LoginFailed, asked.listener, asked.clientAddress,
              "Sign-in of \"" + user + "\" from " + asked.clientAddress + " failed: wrong user name or password",
              "535 5.7.8", 0});
    Milliseconds delay = delayAfterFailure(asked.clientAddress);
    if (m_limits.longestDelay.count() > 0)
        delay += Milliseconds(QRandomGenerator::system()->bounded(int(m_limits.longestDelay.count())));
    QTimer::singleShot(delay, &m_timers, [this, ticket] { answer(ticket, smtp::LoginOutcome::Refused); });
}

Milliseconds LoginCheck::delayAfterFailure(const QByteArray& address) const {
    const auto at = m_failures.find(address);
    if (at == m_failures.end() || at->second.count <= m_limits.failuresBeforeBackOff)
        return Milliseconds(0);
    const int beyond = at->second.count - m_limits.failuresBeforeBackOff;
    return std::min<Milliseconds>(Seconds(beyond), m_limits.longestBackOff);
}

void LoginCheck::answer(Ticket ticket, smtp::LoginOutcome outcome) {
    const auto at = m_pending.find(ticket);
    if (at == m_pending.end())
        return;
    const ConnectionId connection = at->second.connection;
    m_pending.erase(at); // and its password with it
    m_done(connection, outcome);
}

void LoginCheck::backendDown(Ticket ticket, const QByteArray& why) {
    const LoginQuestion& asked = m_pending.at(ticket);
    log(LogLevel::Warning, LogArea::Smtp, "sign-in from " + asked.clientAddress + " at " + asked.listener + " put off: " + why);
    answer(ticket, smtp::LoginOutcome::BackendDown);
}

// What an unknown user's password is hashed like, so that its answer takes as long as a known one's.
QByteArray LoginCheck::exampleHash(const LoginQuestion& asked) {
    const QByteArray source = sourceOf(asked);
    const auto at = m_examples.find(source);
    if (at != m_examples.end())
        return at->second;
    if (!asked.credentials)
        return {}; // nobody has signed in yet whose hash could be imitated
    const tables::Table& table = *asked.credentials;
    QByteArray example;
    // Static and file tables answer before lookup() returns; others are not asked, their answer could come too late.
    const QByteArrayList keys = table.shape() == tables::Shape::Dynamic ? QByteArrayList() : table.keys();
    for (qsizetype i = 0; i < std::min<qsizetype>(keys.size(), 10) && example.isEmpty(); ++i)
        table.lookup(tables::Service::Credentials, keys[i], [&example](const tables::LookupResult& result) {
            if (result.found && kindOfHash(hashOf(result.value)) == HashKind::Usable)
                example = hashOf(result.value);
        });
    m_examples[source] = example;
    return example;
}

} // namespace postern::listener
