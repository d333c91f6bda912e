// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io_thread.h"

#include "base/epoll_dispatcher.h"
#include "base/mailbox.h"
#include "engine/mail_domains.h"
#include "engine/reverse_names.h"

#include <QAbstractEventDispatcher>
#include <QThread>

#include <semaphore>
#include <variant>

namespace postern::engine {
namespace {

struct Serve {
    std::vector<std::shared_ptr<const listener::ListenerService>> listeners;
};
struct Submit {
    std::vector<relay::RelayJob> jobs;
};
struct PauseSmtp {
    bool paused;
};
struct ForgetFailures {};
struct Drain {
    Milliseconds grace;
    std::function<void()> done;
};
struct Count {
    std::function<void(IoCounts)> done;
};
struct Leave {}; // ends the event loop; an order like the others, so that it is ordered with them
using Order = std::variant<Serve, Submit, PauseSmtp, ForgetFailures, Drain, Count, Leave>;

// One resolver a thread, for the relay and for the names of clients.
class SharedResolver final : public dns::Resolver {
  public:
    explicit SharedResolver(dns::Resolver& resolver) : m_resolver(resolver) {}
    std::unique_ptr<dns::Question> mx(const QByteArray& domain, MxDone done) override {
        return m_resolver.mx(domain, std::move(done));
    }
    std::unique_ptr<dns::Question> addresses(const QByteArray& host, AddressDone done) override {
        return m_resolver.addresses(host, std::move(done));
    }
    std::unique_ptr<dns::Question> reverse(const QByteArray& address, NameDone done) override {
        return m_resolver.reverse(address, std::move(done));
    }

  private:
    dns::Resolver& m_resolver;
};

// Everything that lives in the thread.
class Worker {
  public:
    explicit Worker(const IoThreadSettings& settings)
        : m_resolver(dns::makeUnboundResolver(settings.dns)), m_names(*m_resolver, *settings.services.clock), m_domains(*m_resolver, *settings.services.clock),
          m_acceptor(withNames(settings.services), settings.acceptLimits),
          m_relay(*settings.services.clock, *settings.services.files, std::make_unique<SharedResolver>(*m_resolver),
                  settings.relayLimits, settings.report),
          m_orders([this](std::vector<Order>&& orders) {
              for (Order& order : orders)
                  std::visit([this](auto& o) { carryOut(o); }, order);
          }) {}

    MailboxAddress<Order> address() const { return m_orders.address(); }

  private:
    listener::ListenerServices withNames(listener::ListenerServices services) {
        services.reverseName = [this](const QByteArray& address, std::function<void(QByteArray)> found) {
            return m_names.find(address, std::move(found));
        };
        services.hasNullMx = [this](const QByteArray& domain, std::function<void(bool)> found) {
            return m_domains.hasNullMx(domain, std::move(found));
        };
        return services;
    }
    void carryOut(Serve& o) { m_acceptor.serve(std::move(o.listeners)); }
    void carryOut(Submit& o) { m_relay.submit(std::move(o.jobs)); }
    void carryOut(PauseSmtp& o) { m_acceptor.setPaused(o.paused); }
    void carryOut(ForgetFailures&) { m_relay.forgetFailures(); }
    void carryOut(Drain& o) {
        // Both halves report back before the caller hears of it.
        auto left = std::make_shared<int>(2);
        const auto half = [left, done = std::move(o.done)] {
            if (--*left == 0)
                done();
        };
        m_acceptor.drain(o.grace, half);
        m_relay.drain(o.grace, half);
    }
    void carryOut(Count& o) {
        o.done({m_acceptor.sessionsPerListener(), m_acceptor.sessions(), m_relay.connections()});
    }
    void carryOut(Leave&) { QThread::currentThread()->quit(); }

    const std::unique_ptr<dns::Resolver> m_resolver; // before all that ask it
    ReverseNames m_names;
    MailDomains m_domains;
    listener::Acceptor m_acceptor;
    relay::RelayWorker m_relay;
    Mailbox<Order> m_orders;
};

// run() owns the worker: built and destroyed in the thread, around its event loop.
class Thread final : public QThread {
  public:
    explicit Thread(IoThreadSettings settings) : m_settings(std::move(settings)) {
        if (auto dispatcher = makeEngineDispatcher())
            setEventDispatcher(dispatcher.release()); // QThread takes it over
    }
    MailboxAddress<Order> launch() {
        start();
        m_ready.acquire();
        return m_address;
    }

  protected:
    void run() override {
        Worker worker(m_settings);
        m_address = worker.address();
        m_ready.release();
        exec();
    }

  private:
    IoThreadSettings m_settings;
    MailboxAddress<Order> m_address;
    std::binary_semaphore m_ready{0};
};

} // namespace

struct IoThread::Impl {
    explicit Impl(IoThreadSettings settings) : thread(std::move(settings)) {
        thread.setObjectName(QStringLiteral("postern-io"));
        orders = thread.launch();
    }
    Thread thread;
    MailboxAddress<Order> orders;
};

IoThread::IoThread(IoThreadSettings settings) : m(std::make_unique<Impl>(std::move(settings))) {}

IoThread::~IoThread() {
    m->orders.post(Leave{});
    m->thread.wait();
}

void IoThread::serve(std::vector<std::shared_ptr<const listener::ListenerService>> listeners) {
    m->orders.post(Serve{std::move(listeners)});
}

void IoThread::submit(std::vector<relay::RelayJob> jobs) {
    m->orders.post(Submit{std::move(jobs)});
}

void IoThread::setSmtpPaused(bool paused) {
    m->orders.post(PauseSmtp{paused});
}

void IoThread::forgetRelayFailures() {
    m->orders.post(ForgetFailures{});
}

void IoThread::drain(Milliseconds grace, std::function<void()> done) {
    m->orders.post(Drain{grace, std::move(done)});
}

void IoThread::count(std::function<void(IoCounts)> done) {
    m->orders.post(Count{std::move(done)});
}

} // namespace postern::engine
