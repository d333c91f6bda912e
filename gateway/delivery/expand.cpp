// SPDX-License-Identifier: GPL-3.0-or-later
//
// A list of places that wait, taken one after the other. Whatever needs an answer (rules, tables) goes on in a task when the
// answer comes; tasks run from one loop, so that a thousand answers at once don't grow the stack.
#include "delivery/expand.h"

#include "base/log.h"
#include "delivery/alias_lookup.h"
#include "delivery/destinations.h"

#include <QSet>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace postern::delivery {
namespace {

using policy::Action;
using policy::ActionPtr;
using policy::Decision;
using policy::Era;
using policy::Method;
using policy::ReplyLine;
using policy::WantTrace;
using tables::Service;

constexpr int kMostLevels = 10;
constexpr qsizetype kMostPlaces = 10'000;
constexpr size_t kMostOfOneForward = 100;

QByteArray shown(const QByteArray& text) {
    return harmless(text, 120);
}

QByteArray tableName(const tables::Table& table) {
    return table.name().startsWith('<') ? QByteArray("the list") : "<" + table.name() + ">";
}

// Userinfo: uid:gid:home, until 2014 also name:uid:gid:home.
std::optional<LocalUser> parseUserinfo(const QByteArray& name, const QByteArray& value) {
    QByteArrayList fields = value.split(':');
    bool isNumber = false;
    fields.value(0).toLongLong(&isNumber);
    if (!isNumber && fields.size() == 4)
        fields.removeFirst();
    if (fields.size() != 3)
        return std::nullopt;
    bool goodUid = false, goodGid = false;
    LocalUser user{name, fields[0].toLongLong(&goodUid), fields[1].toLongLong(&goodGid), fields[2]};
    constexpr qint64 kMostId = 0xfffffffe; // a larger one would be taken for another, or for nobody's
    const auto isId = [](qint64 id) { return id >= 0 && id <= kMostId; };
    return goodUid && goodGid && isId(user.uid) && isId(user.gid) ? std::optional(user) : std::nullopt;
}

bool isOfThisComputer(const Destination& one) {
    switch (one.kind) {
    case DestinationKind::Command:
    case DestinationKind::File:
    case DestinationKind::Maildir:
    case DestinationKind::Include:
        return true;
    case DestinationKind::Reply:
    case DestinationKind::Address:
    case DestinationKind::User:
        return false;
    }
    return true;
}

// A place on the way.
struct Place {
    DestinationKind kind = DestinationKind::Address; // Address, User, Command, File or Maildir
    QByteArray text;
    QByteArray address; // the last address before it
    ActionPtr action;   // that takes it; null for an address, which the rules decide
    int level = 0;
    bool isSameUser = false;   // a name that came from the same name: aliases have had their say
    bool hasForwarded = false; // its .forward file was followed, or (same user) has had its say
    LocalUser owner;           // of the .forward file that names this place; no name if none does
};

bool isTarget(DestinationKind kind) {
    return kind == DestinationKind::Command || kind == DestinationKind::File || kind == DestinationKind::Maildir;
}

class Expansion : public std::enable_shared_from_this<Expansion> {
  public:
    Expansion(policy::RulesetPtr rules, policy::MatchContext context, Surroundings surroundings, WantTrace trace,
              std::function<void(Outcome)> done)
        : m_rules(std::move(rules)), m_context(std::move(context)), m_surroundings(std::move(surroundings)),
          m_wantTrace(trace), m_done(std::move(done)) {}

    void begin() {
        m_waiting.push_back(given());
        next();
    }

    void beginAt(policy::Verdict verdict) {
        then([self = shared_from_this(), verdict = std::move(verdict)]() mutable {
            self->decided(self->given(), std::move(verdict));
        });
    }

  private:
    Place given() const {
        Place place;
        place.text = place.address = m_context.recipient;
        return place;
    }

    // --- the loop

    // One task at a time, whichever thread brings it; all else here is touched by tasks only.
    void then(std::function<void()> task) {
        std::unique_lock lock(m_mutex);
        m_tasks.push_back(std::move(task));
        if (m_isRunning)
            return;
        m_isRunning = true;
        const auto self = shared_from_this(); // a task may hold the last word on whether we live
        while (!m_tasks.empty()) {
            std::function<void()> one = std::move(m_tasks.front());
            m_tasks.pop_front();
            lock.unlock();
            one();
            one = nullptr;
            lock.lock();
        }
        m_isRunning = false;
        lock.unlock();
    }

    // A task that waited for an answer. `asker` is the thread that asked.
    void resume(std::thread::id asker, std::function<void()> task) {
        if (!m_surroundings.goOn || std::this_thread::get_id() == asker)
            return then(std::move(task));
        m_surroundings.goOn([self = shared_from_this(), task = std::move(task)] { self->then(task); });
    }

    void next() {
        then([self = shared_from_this()] { self->takeOne(); });
    }

    void takeOne() {
        if (m_isOver)
            return;
        if (m_waiting.empty()) {
            if (m_outcome.ends.empty())
                return refuse(expansionProblem(), "the aliases of this recipient lead nowhere");
            return finish();
        }
        const Place place = std::move(m_waiting.front());
        m_waiting.pop_front();
        if (place.level >= kMostLevels)
            return refuse(expansionProblem(), "aliases lead from one to the next more than 10 times");
        switch (place.kind) {
        case DestinationKind::Address: return askRules(place);
        case DestinationKind::User: return askAliases(place);
        case DestinationKind::Command:
        case DestinationKind::File:
        case DestinationKind::Maildir: return takeTarget(place);
        case DestinationKind::Reply:
        case DestinationKind::Include: break; // dealt with where they stand
        }
        next();
    }

    void finish() {
        m_isOver = true;
        m_done(std::move(m_outcome));
    }

    void refuse(ReplyLine reply, QByteArray reason) {
        m_outcome.ends.clear();
        m_outcome.refusal = std::move(reply);
        m_outcome.reason = std::move(reason);
        finish();
    }

    // --- replies

    QByteArray behind() const { return ": <" + harmless(m_context.recipient, 320) + ">"; }
    ReplyLine noSuchUser() const { return {550, "5.1.1 Invalid recipient" + behind()}; }
    ReplyLine temporary() const { return {451, "4.3.0 Temporary failure" + behind()}; }
    // Before 6.6 the same trouble had the plain replies.
    ReplyLine expansionProblem() const {
        if (m_rules->era == Era::Modern)
            return {524, "5.2.4 Mailing list expansion problem" + behind()};
        return {550, "5.2.4 Invalid recipient" + behind()};
    }
    ReplyLine expansionDelay() const {
        if (m_rules->era == Era::Modern)
            return {424, "4.2.4 Mailing list expansion problem" + behind()};
        return {451, "4.2.4 Temporary failure" + behind()};
    }

    // --- what is said on the way

    void say(const Action& action, const QByteArray& what) {
        if (m_wantTrace == WantTrace::Yes)
            m_outcome.steps.push_back({action.origin.line, true, {}, what});
    }

    // --- an address: the rules decide

    void askRules(const Place& place) {
        policy::MatchContext context = m_context;
        context.recipient = place.text;
        context.isInternal = m_context.isInternal || place.level > 0;
        policy::match(m_rules, std::move(context), m_wantTrace,
                      [self = shared_from_this(), place, asker = std::this_thread::get_id()](policy::Verdict verdict) {
                          self->resume(asker, [self, place, verdict = std::move(verdict)]() mutable {
                              self->decided(place, std::move(verdict));
                          });
                      });
    }

    void decided(const Place& place, policy::Verdict verdict) {
        for (policy::RuleTrace one : verdict.trace) {
            if (place.level > 0)
                one.because = "for " + shown(place.text) + ", where an alias leads: " + one.because;
            m_outcome.steps.push_back(std::move(one));
        }
        const Decision decision = verdict.decision;
        const ActionPtr action = verdict.action;
        const QByteArray reason = verdict.reason;
        const ReplyLine reply = policy::replyFor(verdict, m_context.recipient);
        if (place.level == 0)
            m_outcome.first = std::move(verdict);
        switch (decision) {
        case Decision::NoMatch:
        case Decision::Reject:
            return refuse(reply, place.level == 0
                                     ? QByteArray()
                                     : "an alias leads to " + shown(place.text) + ", which the rules refuse");
        case Decision::TemporaryFailure: return refuse(reply, reason);
        case Decision::Relay:
        case Decision::Catch:
        case Decision::Local: break;
        }
        if (!action)
            return refuse(reply, reason);
        if (action->method == Method::Relay || action->method == Method::Catch) {
            m_outcome.ends.push_back({place.text, action, action->method, false, {}, {}});
            return next();
        }
        Place local = place;
        local.address = place.text;
        local.action = action;
        if (!action->local.virtualUsers) {
            local.kind = DestinationKind::User;
            local.text = userOfAddress(place.text).toLower();
            return askAliases(local);
        }
        lookUp(local, action->local.virtualUsers, virtualKeys(place.text, aliasRules()),
               [](Expansion& self, const Place& at) {
                   self.refuse(self.expansionProblem(), "there is no virtual user " + shown(at.address) + " in " +
                                                            tableName(*at.action->local.virtualUsers));
               });
    }

    // --- a name: aliases, then the account

    AliasRules aliasRules() const { return {m_rules->settings.subAddressDelimiter, m_rules->era}; }

    void askAliases(const Place& place) {
        const auto& local = place.action->local;
        const tables::TablePtr table = local.virtualUsers ? local.virtualUsers : local.aliases;
        // A virtual user was looked up by its address already; only a name that it led to is looked up again.
        if (!table || place.isSameUser)
            return askAccount(place);
        lookUp(place, table,
               local.virtualUsers ? virtualUserKeys(place.text, aliasRules()) : aliasKeys(place.text, aliasRules()),
               [](Expansion& self, const Place& at) { self.askAccount(at); });
    }

    using Missing = void (*)(Expansion&, const Place&);

    void lookUp(const Place& place, const tables::TablePtr& table, QByteArrayList keys, Missing missing) {
        lookupFirst(table, Service::Alias, std::move(keys),
                    [self = shared_from_this(), place, table, missing, asker = std::this_thread::get_id()](tables::LookupResult result) {
                        self->resume(asker, [self, place, table, missing, result = std::move(result)] {
                            if (result.failed) {
                                self->say(*place.action, result.value);
                                self->refuse(self->temporary(), result.value);
                            } else if (!result.found) {
                                missing(*self, place);
                            } else {
                                self->follow(place, *table, result);
                            }
                        });
                    });
    }

    void follow(const Place& place, const tables::Table& table, const tables::LookupResult& entry) {
        const QByteArray key = entry.key.isEmpty() ? place.text : entry.key;
        const auto list = parseDestinations(entry.value, m_rules->era);
        if (!list)
            return refuse(expansionDelay(),
                          "the entry " + shown(key) + " in " + tableName(table) + ": " + list.error().text);
        const bool namesFiles = std::any_of(list->begin(), list->end(), isOfThisComputer);
        if (namesFiles && !table.mayNameFiles())
            return refuse(expansionDelay(), "the entry " + shown(key) + " in " + tableName(table) + " names a command or a file of " +
                                                "this computer, which only tables in files may do (" + table.kind() + ")");
        say(*place.action, tableName(table) + ": " + shown(key) + " goes to " + shown(entry.value));
        addAll(place, *list);
    }

    // What a place leads to is taken next, in the order in which it is written. `owner`: of the .forward file that says so.
    void addAll(const Place& from, const std::vector<Destination>& list, const LocalUser& owner = {}) {
        std::vector<Place> places;
        for (const Destination& one : list) {
            if (one.kind == DestinationKind::Reply) {
                if (from.action->method == Method::ForwardOnly)
                    return refuse(expansionDelay(), "the action is forward-only, but the alias refuses the recipient");
                return refuse({one.text.first(3).toInt(), one.text.sliced(4) + behind()},
                              "its alias says to refuse it: " + shown(one.text));
            }
            if (one.kind != DestinationKind::Include) {
                add(from, one, owner, places);
                continue;
            }
            const auto text =
                m_surroundings.includeFile ? m_surroundings.includeFile(one.text) : Result<QByteArray>(QByteArray());
            if (!text) { // as readers of the language do: like an empty file
                say(*from.action,
                    "the list " + shown(one.text) + " can't be read and counts as empty: " + text.error().text);
                continue;
            }
            const auto included = parseDestinationFile(*text, m_rules->era);
            if (!included)
                return refuse(expansionDelay(), "the list " + shown(one.text) + ": " + included.error().text);
            for (const Destination& inner : *included) {
                if (inner.kind == DestinationKind::Reply)
                    return refuse({inner.text.first(3).toInt(), inner.text.sliced(4) + behind()},
                                  "the list " + shown(one.text) + " says to refuse it");
                add(from, inner, owner, places);
            }
        }
        if (m_seen.size() > kMostPlaces)
            return refuse(expansionProblem(), "its aliases lead to more than 10 000 places");
        m_waiting.insert(m_waiting.begin(), places.begin(), places.end());
        next();
    }

    void add(const Place& from, const Destination& to, const LocalUser& owner, std::vector<Place>& places) {
        Place place;
        place.kind = to.kind;
        place.text = to.kind == DestinationKind::User ? to.text.toLower() : to.text;
        place.address = to.kind == DestinationKind::Address ? to.text : from.address;
        place.action = from.action;
        place.level = from.level + 1;
        place.owner = owner;
        place.isSameUser =
            to.kind == DestinationKind::User && from.kind == DestinationKind::User && place.text == from.text;
        place.hasForwarded = place.isSameUser && from.hasForwarded;
        const QByteArray once =
            QByteArray::number(int(place.kind)) + (place.isSameUser ? "=" : ":") +
            (to.kind == DestinationKind::Address ? place.text.toLower() : place.text) + '\0' +
            QByteArray::number(quintptr(to.kind == DestinationKind::Address ? nullptr : place.action.get())) + '\0' +
            owner.name;
        if (m_seen.contains(once))
            return;
        m_seen.insert(once);
        places.push_back(std::move(place));
    }

    // --- the account

    void askAccount(Place place) {
        const auto& local = place.action->local;
        const QByteArray full = place.text;
        place.text = aliasKeys(place.text, aliasRules()).back();
        if (!local.user.isEmpty() && local.user != place.text)
            return askOwner(place);
        if (local.userbase)
            return local.userbase->lookup(
                Service::Userinfo, place.text, [self = shared_from_this(), place, asker = std::this_thread::get_id()](tables::LookupResult result) {
                    self->resume(asker, [self, place, result = std::move(result)] { self->userinfoCame(place, result); });
                });
        accountCame(place, account(place.text));
    }

    Result<std::optional<LocalUser>> account(const QByteArray& name) const {
        return m_surroundings.account ? m_surroundings.account(name) : std::optional<LocalUser>();
    }

    // `user NAME`: everybody's mail is delivered as that account, who need have none of their own.
    void askOwner(const Place& place) {
        const auto owner = account(place.action->local.user);
        if (!owner)
            return refuse(temporary(), owner.error().text);
        say(*place.action, "mail for " + shown(place.text) + " is delivered as the account " +
                               shown(place.action->local.user) + (*owner ? "" : ", which this computer does not have"));
        deliver(place, owner->value_or(LocalUser{place.action->local.user, -1, -1, {}}));
    }

    void userinfoCame(const Place& place, const tables::LookupResult& result) {
        if (result.failed) {
            say(*place.action, result.value);
            return refuse(temporary(), result.value);
        }
        if (!result.found)
            return accountCame(place, std::optional<LocalUser>());
        const auto user = parseUserinfo(place.text, result.value);
        if (!user)
            return refuse(temporary(), "the entry of " + shown(place.text) + " in " +
                                           tableName(*place.action->local.userbase) + " is not UID:GID:HOME");
        accountCame(place, user);
    }

    void accountCame(const Place& place, const Result<std::optional<LocalUser>>& found) {
        const auto& local = place.action->local;
        const QByteArray where = local.userbase ? " in " + tableName(*local.userbase) : QByteArray(" on this computer");
        if (!found)
            return refuse(temporary(), found.error().text);
        if (!*found) {
            say(*place.action, "there is no user " + shown(place.text) + where);
            return refuse(noSuchUser(), "there is no user " + shown(place.text) + where);
        }
        say(*place.action, shown(place.text) + " is a user" + where);
        const LocalUser& user = **found;
        const auto text = m_surroundings.forwardFile && !place.hasForwarded ? m_surroundings.forwardFile(user)
                                                                            : std::optional<QByteArray>();
        if (!text)
            return refuse(temporary(), text.error().text);
        if (!*text)
            return deliver(place, user);
        const auto list = parseDestinationFile(**text, m_rules->era);
        if (!list)
            return refuse(expansionDelay(), "the .forward file of " + shown(user.name) + ": " + list.error().text);
        if (list->empty())
            return deliver(place, user);
        if (list->size() > kMostOfOneForward)
            return refuse(expansionProblem(),
                          "the .forward file of " + shown(user.name) + " leads to more than 100 places");
        if (user.uid == 0 && std::any_of(list->begin(), list->end(), [](const Destination& one) { return isTarget(one.kind); }))
            return refuse(expansionDelay(), "the .forward file of root names a file or a command, which is not allowed");
        say(*place.action, "the .forward file of " + shown(user.name) + " is followed");
        Place forwarded = place;
        forwarded.hasForwarded = true;
        addAll(forwarded, *list, user);
    }

    void deliver(const Place& place, const LocalUser& user) {
        if (place.action->method == Method::ExpandOnly) {
            return refuse(expansionProblem(), "the action only expands aliases, and " + shown(place.text) +
                                                  " ends at a user of this computer");
        }
        if (place.action->method == Method::ForwardOnly)
            return refuse(expansionDelay(),
                          "the action only forwards, and " + shown(place.text) + " ends at a user of this computer");
        m_outcome.ends.push_back({place.address, place.action, place.action->method, false, {}, user});
        next();
    }

    // --- a file or a command that an alias names

    void takeTarget(const Place& place) {
        if (place.action->method == Method::ForwardOnly)
            return refuse(expansionDelay(), "the action only forwards, and an alias leads to " + shown(place.text));
        const Method method = place.kind == DestinationKind::Command   ? Method::Mda
                              : place.kind == DestinationKind::Maildir ? Method::Maildir
                                                                       : Method::Mbox;
        m_outcome.ends.push_back({place.address, place.action, method, true, place.text, place.owner});
        next();
    }

    // constant after construction
    const policy::RulesetPtr m_rules;
    const policy::MatchContext m_context;
    const Surroundings m_surroundings;
    const WantTrace m_wantTrace;
    const std::function<void(Outcome)> m_done;
    // the way so far
    std::mutex m_mutex;
    std::deque<std::function<void()>> m_tasks; // guarded by m_mutex, as the next
    bool m_isRunning = false;
    bool m_isOver = false;
    std::deque<Place> m_waiting;
    QSet<QByteArray> m_seen;
    Outcome m_outcome;
};

} // namespace

void expandFrom(policy::Verdict verdict, const policy::RulesetPtr& rules, const policy::MatchContext& context,
                Surroundings surroundings, WantTrace trace, std::function<void(Outcome)> done) {
    std::make_shared<Expansion>(rules, context, std::move(surroundings), trace, std::move(done))->beginAt(std::move(verdict));
}

void expand(const policy::RulesetPtr& rules, const policy::MatchContext& context, Surroundings surroundings,
            WantTrace trace, std::function<void(Outcome)> done) {
    std::make_shared<Expansion>(rules, context, std::move(surroundings), trace, std::move(done))->begin();
}

} // namespace postern::delivery
