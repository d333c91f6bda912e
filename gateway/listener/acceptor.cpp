// SPDX-License-Identifier: GPL-3.0-or-later
#include "listener/acceptor.h"

#include "base/contract.h"
#include "base/log.h"
#include "listener/accept_calls.h"
#include "listener/login_check.h"
#include "listener/server_connection.h"

#include <QSet>
#include <QSocketNotifier>
#include <QTimer>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace postern::listener {
namespace {

constexpr int kMostPerWake = 32; // connections taken before the sessions get their turn
constexpr Milliseconds kTick{1000};
constexpr Milliseconds kAddressesAge{30'000};

constexpr char kTooMany[] = "421 4.3.2 too many connections, try again later\r\n";
constexpr char kTooManyOfYou[] = "421 4.7.0 too many connections from your address, try again later\r\n";
constexpr char kNotYours[] = "554 5.7.1 this gateway belongs to another user of this computer\r\n";
constexpr char kPaused[] = "421 4.3.2 not accepting mail at the moment, try again later\r\n";

} // namespace

struct Acceptor::Impl final : ConnectionHost {
    struct Door { // one listener that we accept from
        std::shared_ptr<const ListenerService> service;
        std::unique_ptr<QSocketNotifier> notifier;
    };
    struct Client {
        ClientKey key;
        std::unique_ptr<ServerConnection> connection;
    };

    Impl(ListenerServices given, AcceptLimits limits)
        : m_services(std::make_shared<const ListenerServices>(std::move(given))), m_guard(fittedTo(limits, descriptorCeiling())),
          m_outcomes([this](std::vector<Outcome>&& batch) { deliver(std::move(batch)); }),
          m_logins(*m_services->clock, m_services->report, [this](ConnectionId id, smtp::LoginOutcome outcome) {
              deliver({Outcome{id, LoginAnswer{outcome}}});
          }) {
        m_tick.setInterval(kTick);
        QObject::connect(&m_tick, &QTimer::timeout, &m_context, [this] { tick(); });
    }

    ~Impl() override { m_doors.clear(); }

    // --- ConnectionHost
    const std::shared_ptr<const ListenerServices>& services() const override { return m_services; }
    MailboxAddress<Outcome> outcomes() const override { return m_outcomesAddress; }
    bool isOwnAddress(const QByteArray& address) const override {
        return address.startsWith("127.") || m_ownAddresses.contains(address.split('%').first());
    }
    bool recognise(ConnectionId id, const QByteArray& clientAddress) override {
        const auto at = m_clients.find(id);
        const ClientKey client = clientKeyOf(clientAddress);
        if (at == m_clients.end() || !m_guard.recognise(client)) {
            ++m_turnedAway;
            return false;
        }
        at->second.key = client;
        return true;
    }
    void checkLogin(LoginQuestion question) override { m_logins.check(std::move(question)); }
    std::optional<QByteArray> reverseNameOf(ConnectionId id, const QByteArray& address) override {
        if (!m_services->reverseName)
            return QByteArray();
        return m_services->reverseName(
            address, [id, outcomes = m_outcomesAddress](QByteArray name) { outcomes.post({id, NameAnswer{std::move(name)}}); });
    }
    std::optional<bool> hasNullMx(ConnectionId id, const QByteArray& domain) override {
        if (!m_services->hasNullMx)
            return false;
        return m_services->hasNullMx(domain, [id, domain, outcomes = m_outcomesAddress](bool isNull) {
            outcomes.post({id, DomainAnswer{domain, isNull}});
        });
    }
    void finished(ConnectionId id) override {
        if (m_walking) { // the map is being walked
            m_over.push_back(id);
            return;
        }
        remove(id);
    }

    // --- accepting
    void serve(std::vector<std::shared_ptr<const ListenerService>> listeners);
    void acceptFrom(OpenListener* socket);
    bool welcome(const Taken& taken, const std::shared_ptr<const ListenerService>& service);
    void turnAwayWithSpare(const ListenerService& service);
    void holdAccepting();
    void resumeAccepting();
    void refreshOwnAddresses();
    static bool speaksClear(const ListenerService& service) { return service.spec.tls != policy::ListenTls::Wrapped; }

    // --- running
    void deliver(std::vector<Outcome> batch);
    void tick();
    void remove(ConnectionId id);
    void drain(Milliseconds grace, std::function<void()> done);
    void finishDrain();

    // Constant after construction.
    const std::shared_ptr<const ListenerServices> m_services;
    AcceptGuard m_guard;
    const int m_ceiling = descriptorCeiling();

    QObject m_context;
    QTimer m_tick;
    SpareDescriptor m_spare;
    std::vector<Door> m_doors;
    bool m_paused = false;
    bool m_holding = false; // out of descriptors: notifiers are off until a tick finds some
    bool m_draining = false;
    std::function<void()> m_drained;
    int m_turnedAway = 0; // since the last tick

    QSet<QByteArray> m_ownAddresses;
    SteadyTime m_addressesAt{};

    ConnectionId m_lastId = 0;
    bool m_walking = false;
    std::vector<ConnectionId> m_over;
    Mailbox<Outcome> m_outcomes;
    const MailboxAddress<Outcome> m_outcomesAddress = m_outcomes.address();
    LoginCheck m_logins;
    std::unordered_map<ConnectionId, Client> m_clients; // first to go: connections use everything above
};

void Acceptor::Impl::serve(std::vector<std::shared_ptr<const ListenerService>> listeners) {
    if (m_draining)
        return;
    refreshOwnAddresses();
    std::vector<Door> doors;
    for (auto& service : listeners) {
        const auto old = std::find_if(m_doors.begin(), m_doors.end(), [&](const Door& door) {
            return door.notifier && door.service->socket == service->socket;
        });
        Door door;
        if (old != m_doors.end()) {
            door.notifier = std::move(old->notifier);
        } else {
            door.notifier = std::make_unique<QSocketNotifier>(service->socket->descriptor(), QSocketNotifier::Read);
            door.notifier->setEnabled(!m_holding);
            QObject::connect(door.notifier.get(), &QSocketNotifier::activated, &m_context,
                             [this, socket = service->socket.get()] { acceptFrom(socket); });
        }
        door.service = std::move(service);
        doors.push_back(std::move(door));
    }
    m_doors = std::move(doors); // what is not served any more stops accepting here
}

void Acceptor::Impl::acceptFrom(OpenListener* socket) {
    const auto at =
        std::find_if(m_doors.begin(), m_doors.end(), [&](const Door& door) { return door.service->socket.get() == socket; });
    if (at == m_doors.end())
        return;
    const std::shared_ptr<const ListenerService> service = at->service;
    for (int i = 0; i < kMostPerWake; ++i) {
        const Taken taken = takeConnection(socket->descriptor());
        switch (taken.what) {
        case Taken::What::Connection:
            if (!welcome(taken, service))
                ++m_turnedAway;
            break;
        case Taken::What::Gone: break;
        case Taken::What::Nobody: return;
        case Taken::What::NoRoom:
            turnAwayWithSpare(*service);
            holdAccepting();
            return;
        case Taken::What::Broken:
            if (!service->socket->isStopped()) // a reload: the door goes in a moment
                log(LogLevel::Error, LogArea::Smtp, "cannot accept at " + service->socket->name() + " any more: " + qt_error_string(taken.error).toUtf8());
            at->notifier->setEnabled(false);
            return;
        }
    }
}

bool Acceptor::Impl::welcome(const Taken& taken, const std::shared_ptr<const ListenerService>& service) {
    const bool clear = speaksClear(*service);
    const auto refuse = [&](const char* line) {
        turnAway(taken.descriptor, clear ? QByteArrayView(line) : QByteArrayView());
        if (!m_tick.isActive())
            m_tick.start(); // to tell of it in the log
        return false;
    };
    if (service->spec.isSocket && !mayHandIn(taken.descriptor))
        return refuse(kNotYours);
    if (m_paused)
        return refuse(kPaused);
    if (taken.descriptor >= m_ceiling)
        return refuse(kTooMany);
    const ClientKey client = service->spec.proxyV2 ? kNobody : taken.client; // a proxy says later who it is
    switch (m_guard.admit(client)) {
    case Admission::TooMany: return refuse(kTooMany);
    case Admission::TooManyFromAddress: return refuse(kTooManyOfYou);
    case Admission::Welcome: break;
    }
    if (m_services->clock->steady() - m_addressesAt > kAddressesAge)
        refreshOwnAddresses();
    const ConnectionId id = ++m_lastId;
    auto connection = std::make_unique<ServerConnection>(*this, id, service);
    ServerConnection& started = *connection;
    m_clients.emplace(id, Client{client, std::move(connection)});
    if (!m_tick.isActive())
        m_tick.start();
    started.start(tls::adoptStream(taken.descriptor, nullptr));
    return true;
}

// Out of descriptors. Those who wait are told instead of left hanging, as far as the one spare descriptor goes.
void Acceptor::Impl::turnAwayWithSpare(const ListenerService& service) {
    for (int i = 0; i < kMostPerWake && m_spare.isThere(); ++i) {
        m_spare.spend();
        const Taken taken = takeConnection(service.socket->descriptor());
        if (taken.what == Taken::What::Connection) {
            turnAway(taken.descriptor, speaksClear(service) ? QByteArrayView(kTooMany) : QByteArrayView());
            ++m_turnedAway;
        }
        m_spare.refill();
        if (taken.what != Taken::What::Connection)
            return;
    }
}

void Acceptor::Impl::holdAccepting() {
    if (!std::exchange(m_holding, true))
        log(LogLevel::Error, LogArea::Smtp,
            "out of file descriptors with " + QByteArray::number(m_guard.sessions()) +
                " connections on this thread: accepting pauses (raise the limit: ulimit -n)");
    for (const Door& door : m_doors)
        door.notifier->setEnabled(false);
    m_tick.start();
}

void Acceptor::Impl::resumeAccepting() {
    if (!m_holding || !m_spare.refill())
        return;
    m_holding = false;
    for (const Door& door : m_doors)
        door.notifier->setEnabled(true);
}

void Acceptor::Impl::refreshOwnAddresses() {
    const QByteArrayList addresses = ownAddresses();
    m_ownAddresses = QSet<QByteArray>(addresses.begin(), addresses.end());
    m_ownAddresses.insert("::1");
    m_addressesAt = m_services->clock->steady();
}

void Acceptor::Impl::deliver(std::vector<Outcome> batch) {
    for (Outcome& outcome : batch) {
        const auto at = m_clients.find(outcome.connection);
        if (at != m_clients.end())
            at->second.connection->deliver(std::move(outcome));
    }
}

void Acceptor::Impl::tick() {
    resumeAccepting();
    if (const int turnedAway = std::exchange(m_turnedAway, 0))
        log(LogLevel::Notice, LogArea::Smtp,
            QByteArray::number(turnedAway) + (turnedAway == 1 ? " connection was" : " connections were") +
                " turned away with 421: " + (m_paused ? "accepting is paused" : "too many at once"));
    m_walking = true;
    for (auto& [id, client] : m_clients)
        client.connection->tick();
    m_walking = false;
    for (const ConnectionId id : std::exchange(m_over, {}))
        remove(id);
    if (m_clients.empty() && !m_holding)
        m_tick.stop();
}

void Acceptor::Impl::remove(ConnectionId id) {
    const auto node = m_clients.extract(id);
    if (node.empty())
        return;
    m_guard.leave(node.mapped().key);
    if (m_draining && m_clients.empty())
        QMetaObject::invokeMethod(&m_context, [this] { finishDrain(); }, Qt::QueuedConnection);
}

void Acceptor::Impl::drain(Milliseconds grace, std::function<void()> done) {
    POSTERN_CHECK(!m_draining, return);
    m_draining = true;
    m_drained = std::move(done);
    m_doors.clear();
    m_walking = true;
    for (auto& [id, client] : m_clients)
        client.connection->shutDown();
    m_walking = false;
    for (const ConnectionId id : std::exchange(m_over, {}))
        remove(id);
    if (m_clients.empty())
        QMetaObject::invokeMethod(&m_context, [this] { finishDrain(); }, Qt::QueuedConnection);
    else
        QTimer::singleShot(grace, &m_context, [this] { finishDrain(); });
}

void Acceptor::Impl::finishDrain() {
    while (!m_clients.empty())
        remove(m_clients.begin()->first);
    m_tick.stop();
    if (const auto done = std::exchange(m_drained, {}))
        done(); // may destroy us
}

Acceptor::Acceptor(ListenerServices services, AcceptLimits limits)
    : m(std::make_unique<Impl>(std::move(services), limits)) {}

Acceptor::~Acceptor() = default;

void Acceptor::serve(std::vector<std::shared_ptr<const ListenerService>> listeners) {
    POSTERN_CHECK(POSTERN_OWN_THREAD(&m->m_context), return);
    m->serve(std::move(listeners));
}

void Acceptor::setPaused(bool paused) {
    POSTERN_CHECK(POSTERN_OWN_THREAD(&m->m_context), return);
    m->m_paused = paused;
}

void Acceptor::drain(Milliseconds grace, std::function<void()> done) {
    POSTERN_CHECK(POSTERN_OWN_THREAD(&m->m_context), return);
    m->drain(grace, std::move(done));
}

int Acceptor::sessions() const {
    return m->m_guard.sessions();
}

std::vector<std::pair<QByteArray, int>> Acceptor::sessionsPerListener() const {
    std::vector<std::pair<QByteArray, int>> counts;
    const auto countOf = [&](const QByteArray& name) -> int& {
        for (auto& [listener, count] : counts)
            if (listener == name)
                return count;
        return counts.emplace_back(name, 0).second;
    };
    for (const auto& door : m->m_doors)
        countOf(door.service->socket->name());
    for (const auto& [id, client] : m->m_clients)
        ++countOf(client.connection->service().socket->name());
    return counts;
}

} // namespace postern::listener
