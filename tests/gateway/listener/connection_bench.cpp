// SPDX-License-Identifier: GPL-3.0-or-later
#include "connection_bench.h"

#include "tables/static_table.h"

#include <QTest>

namespace postern::test {
namespace {

tables::TablePtr listOf(const QByteArray& name, const QByteArrayList& entries) {
    std::vector<tables::Entry> rows;
    for (const QByteArray& entry : entries)
        rows.push_back({entry, {}});
    return std::make_shared<tables::StaticTable>(name, "static", tables::Shape::List, std::move(rows), '+');
}

policy::Condition condition(policy::ConditionKind kind, tables::TablePtr table = nullptr) {
    policy::Condition one;
    one.kind = kind;
    one.table = std::move(table);
    return one;
}

std::shared_ptr<const policy::Action> action(policy::ActionKind kind, const QByteArray& name, std::optional<qint64> ttl = {}) {
    policy::Action one;
    one.kind = kind;
    one.method = kind == policy::ActionKind::Local   ? policy::Method::Maildir
                 : kind == policy::ActionKind::Catch ? policy::Method::Catch
                                                     : policy::Method::Relay;
    one.name = name;
    one.ttl = ttl;
    return std::make_shared<const policy::Action>(std::move(one));
}

// match from any for rcpt-to { nobody@... } reject, ... ; by recipient so that a dialogue can choose its rule.
std::shared_ptr<policy::Ruleset> makeRules() {
    using policy::ActionKind;
    using policy::ConditionKind;
    auto rules = std::make_shared<policy::Ruleset>();
    const auto add = [&](const QByteArrayList& recipients, std::shared_ptr<const policy::Action> does, int line) {
        policy::Rule rule;
        rule.reject = !does;
        rule.action = std::move(does);
        rule.conditions = {condition(ConditionKind::FromAny), condition(ConditionKind::ForAny),
                           condition(ConditionKind::Recipient, listOf("r" + QByteArray::number(line), recipients))};
        rule.origin.line = line;
        rule.text = "match rule of line " + QByteArray::number(line);
        rules->rules.push_back(std::move(rule));
    };
    add({"nobody@example.org"}, nullptr, 3);
    add({"@home.example"}, action(ActionKind::Local, "box"), 4);
    add({"caught@example.org"}, action(ActionKind::Catch, "catch"), 5);
    add({"short@example.org"}, action(ActionKind::Relay, "short", 3600), 6);
    add({"@example.org"}, action(ActionKind::Relay, "out"), 7);
    return rules;
}

} // namespace

ConnectionBench::ConnectionBench()
    : rules(makeRules()), m_outcomes([this](std::vector<listener::Outcome>&& batch) {
          for (listener::Outcome& outcome : batch)
              if (m_connection && m_connection->id() == outcome.connection)
                  m_connection->deliver(std::move(outcome));
      }) {
    service.socket = *listener::OpenListener::open("127.0.0.1", 0);
    service.hostname = "gate.test";
    service.localNames = {"gate.test", "localhost"};
    service.spec.tag = "office";
}

ConnectionBench::~ConnectionBench() = default;

StreamScript& ConnectionBench::connect() {
    listener::ListenerServices services;
    services.clock = &clock;
    services.files = files;
    services.toSpool = [this](queue::SpoolRequest request) {
        if (auto* store = std::get_if<queue::StoreMessage>(&request))
            m_stores.push_back(std::move(*store));
        else if (const auto* discard = std::get_if<queue::DiscardIncoming>(&request))
            discarded.append(discard->file);
    };
    services.newMessageId = [this] { return ++m_lastMessage; };
    services.incomingPath = [](queue::MessageId id) { return "incoming/" + queue::toText(id); };
    services.room = [this] { return hasRoom ? room : 0; };
    services.shares = shares;
    services.stored = [this](queue::QueuedMessage message, const queue::BodyPtr&) { durable.push_back(std::move(message)); };
    services.report = [this](listener::SessionEvent event) { events.push_back(std::move(event)); };
    services.follow = [this](policy::Verdict first, policy::RulesetPtr given, policy::MatchContext context,
                             std::function<void(delivery::Outcome)> done) {
        follows.push_back([=, this] {
            delivery::expandFrom(first, given, context, surroundings, policy::WantTrace::No, done);
        });
        if (!holdsFollows)
            answerFollows();
    };
    m_services = std::make_shared<const listener::ListenerServices>(std::move(services));
    service.rules = rules;
    m_script = std::make_shared<StreamScript>(m_script ? *m_script : StreamScript{});
    m_heardTo = 0;
    m_connection = std::make_unique<listener::ServerConnection>(
        *this, 1, std::make_shared<const listener::ListenerService>(service));
    m_connection->start(std::make_unique<FakeStream>(m_script));
    return *m_script;
}

void ConnectionBench::answerFollows() {
    for (const auto& one : std::exchange(follows, {}))
        one();
}

QByteArray ConnectionBench::heard() {
    const QByteArray all = m_script->written();
    return all.mid(std::exchange(m_heardTo, all.size()));
}

QByteArray ConnectionBench::ask(const QByteArray& line) {
    (void)heard();
    m_script->says(line + "\r\n");
    deliverOutcomes(); // of followed aliases
    m_script->deliver();
    return heard();
}

void ConnectionBench::commit(int n) {
    const queue::StoreMessage& one = store(n);
    one.done(std::make_shared<const queue::Body>(one.content));
    deliverOutcomes();
    m_script->deliver();
}

void ConnectionBench::fail(int n, const Error& error) {
    store(n).done(error);
    deliverOutcomes();
    m_script->deliver();
}

QByteArray openData(ConnectionBench& bench, const QByteArrayList& recipients) {
    (void)bench.ask("EHLO scanner.office.test");
    (void)bench.ask("MAIL FROM:<scanner@office.test>");
    for (const QByteArray& recipient : recipients)
        (void)bench.ask("RCPT TO:<" + recipient + ">");
    return bench.ask("DATA");
}

} // namespace postern::test
