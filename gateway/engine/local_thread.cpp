// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/local_thread.h"

#include "base/epoll_dispatcher.h"
#include "base/mailbox.h"
#include "delivery/system_surroundings.h"

#include <QAbstractEventDispatcher>
#include <QThread>

#include <semaphore>
#include <variant>

namespace postern::engine {
namespace {

struct Submit {
    std::vector<local::LocalJob> jobs;
};
struct Pause {
    bool paused;
};
struct ForgetFailures {};
struct Drain {
    Milliseconds grace;
    std::function<void()> done;
};
struct Count {
    std::function<void(LocalCounts)> done;
};
struct Leave {}; // ends the event loop; an order like the others, so that it is ordered with them
using Order = std::variant<Submit, Pause, ForgetFailures, Drain, Count, Leave>;

// Everything that lives in the thread.
class Worker {
  public:
    explicit Worker(const LocalThreadSettings& settings)
        : m_local(*settings.clock, *settings.files, dns::makeUnboundResolver(settings.dns), settings.limits, settings.report),
          m_orders([this](std::vector<Order>&& orders) {
              for (Order& order : orders)
                  std::visit([this](auto& o) { carryOut(o); }, order);
          }) {}

    MailboxAddress<Order> address() const { return m_orders.address(); }

  private:
    void carryOut(Submit& o) {
        for (local::LocalJob& job : o.jobs)
            for (delivery::LocalUser& user : job.users)
                lookAgain(user);
        m_local.submit(std::move(o.jobs));
    }
    // The account that an action names may have been made since the mail was taken. Rare, so it may take its time here.
    static void lookAgain(delivery::LocalUser& user) {
        if (user.uid >= 0 || user.name.isEmpty())
            return;
        if (const auto found = delivery::systemAccount(user.name); found && *found)
            user = **found;
    }
    void carryOut(Pause& o) { m_local.setPaused(o.paused); }
    void carryOut(ForgetFailures&) { m_local.forgetFailures(); }
    void carryOut(Drain& o) { m_local.drain(o.grace, std::move(o.done)); }
    void carryOut(Count& o) { o.done({m_local.sessions(), m_local.waiting()}); }
    void carryOut(Leave&) { QThread::currentThread()->quit(); }

    local::LocalWorker m_local;
    Mailbox<Order> m_orders;
};

// run() owns the worker: built and destroyed in the thread, around its event loop.
class Thread final : public QThread {
  public:
    explicit Thread(LocalThreadSettings settings) : m_settings(std::move(settings)) {
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
    LocalThreadSettings m_settings;
    MailboxAddress<Order> m_address;
    std::binary_semaphore m_ready{0};
};

} // namespace

struct LocalThread::Impl {
    explicit Impl(LocalThreadSettings settings) : thread(std::move(settings)) {
        thread.setObjectName(QStringLiteral("postern-local"));
        orders = thread.launch();
    }
    Thread thread;
    MailboxAddress<Order> orders;
};

LocalThread::LocalThread(LocalThreadSettings settings) : m(std::make_unique<Impl>(std::move(settings))) {}

LocalThread::~LocalThread() {
    m->orders.post(Leave{});
    m->thread.wait();
}

void LocalThread::submit(std::vector<local::LocalJob> jobs) {
    m->orders.post(Submit{std::move(jobs)});
}

void LocalThread::setPaused(bool paused) {
    m->orders.post(Pause{paused});
}

void LocalThread::forgetFailures() {
    m->orders.post(ForgetFailures{});
}

void LocalThread::drain(Milliseconds grace, std::function<void()> done) {
    m->orders.post(Drain{grace, std::move(done)});
}

void LocalThread::count(std::function<void(LocalCounts)> done) {
    m->orders.post(Count{std::move(done)});
}

} // namespace postern::engine
