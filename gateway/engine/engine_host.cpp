// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine_host.h"

#include "base/mailbox.h"

#include <QDeadlineTimer>
#include <QThread>

#include <semaphore>

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

using Call = std::function<void(Engine&)>;

Mailbox<Call>::Handler carryOutOn(Engine& engine) {
    return [&engine](std::vector<Call>&& calls) {
        for (const Call& call : calls)
            call(engine);
    };
}

// Owns the engine: built, started and destroyed in the thread.
class EngineThread final : public QThread {
  public:
    explicit EngineThread(EngineSettings settings, std::function<void()> stopAsked)
        : m_settings(std::move(settings)), m_stopAsked(std::move(stopAsked)) {}

    Result<EngineHost::Started> launch() {
        start();
        m_ready.acquire();
        return std::move(*m_outcome);
    }
    MailboxAddress<Call> address() const { return m_address; }

  protected:
    void run() override {
        Engine engine(std::move(m_settings));
        engine.onStopAsked(m_stopAsked);
        Mailbox<Call> calls(carryOutOn(engine));
        m_address = calls.address();
        const auto started = engine.start();
        if (!started) {
            m_outcome = std::make_unique<Result<EngineHost::Started>>(started.error());
            m_ready.release();
            return;
        }
        m_outcome = std::make_unique<Result<EngineHost::Started>>(EngineHost::Started{engine.listeningOn()});
        m_ready.release();
        exec();
    }

  private:
    EngineSettings m_settings;
    std::function<void()> m_stopAsked;
    MailboxAddress<Call> m_address;
    std::unique_ptr<Result<EngineHost::Started>> m_outcome;
    std::binary_semaphore m_ready{0};
};

} // namespace

struct EngineHost::Impl {
    std::unique_ptr<EngineThread> thread;
    std::function<void()> stopAsked;
    Milliseconds stopWithin{0};
};

// Questions travel to the engine's mailbox, answers to this thread's.
class InProcessFacade final : public control::Facade {
  public:
    explicit InProcessFacade(std::shared_ptr<EngineHost::Impl> host)
        : m_host(std::move(host)),
          m_answers([](std::vector<std::function<void()>>&& answers) {
              for (const auto& answer : answers)
                  answer();
          }) {}
    ~InProcessFacade() override {
        if (m_host->thread)
            m_host->thread->address().post([](Engine& engine) { engine.setEventSink({}); });
    }

    void ask(control::Request request, control::ReplyDone done) override {
        if (!m_host->thread) {
            m_answers.post([done = std::move(done)] { done({false, {}, u"The gateway is not running."_s}); });
            return;
        }
        m_host->thread->address().post(
            [request = std::move(request), done = std::move(done), answers = m_answers.address()](Engine& engine) {
                engine.ask(request, [done, answers](const control::Reply& reply) {
                    answers.post([done, reply] { done(reply); });
                });
            });
    }

    void subscribe(control::EventSink sink) override {
        m_sink = std::make_shared<control::EventSink>(std::move(sink));
        if (!m_host->thread)
            return;
        const std::weak_ptr<control::EventSink> weak = m_sink;
        m_host->thread->address().post([weak, answers = m_answers.address()](Engine& engine) {
            engine.setEventSink([weak, answers](const control::Event& event) {
                answers.post([weak, event] {
                    if (const auto s = weak.lock())
                        (*s)(event);
                });
            });
        });
    }

    bool isInProcess() const override { return true; }

  private:
    std::shared_ptr<EngineHost::Impl> m_host;
    std::shared_ptr<control::EventSink> m_sink;
    Mailbox<std::function<void()>> m_answers;
};

EngineHost::EngineHost() : m(std::make_shared<Impl>()) {}

EngineHost::~EngineHost() {
    stop();
}

Result<EngineHost::Started> EngineHost::start(EngineSettings settings) {
    m->stopWithin = settings.stopWithin;
    auto thread = std::make_unique<EngineThread>(std::move(settings), m->stopAsked);
    thread->setObjectName(u"postern-engine"_s);
    auto started = thread->launch();
    if (!started) {
        thread->wait();
        return started;
    }
    m->thread = std::move(thread);
    return started;
}

bool EngineHost::isRunning() const {
    return m->thread != nullptr;
}

bool EngineHost::stop() {
    if (!m->thread)
        return true;
    EngineThread* thread = m->thread.get();
    thread->address().post([thread](Engine& engine) { engine.stop([thread] { thread->quit(); }); });
    const bool ended = thread->wait(QDeadlineTimer(m->stopWithin));
    if (!ended)
        (void)m->thread.release(); // what it works with must stay where it is
    m->thread.reset();
    return ended;
}

void EngineHost::onStopAsked(std::function<void()> asked) {
    // Arrives on the engine's thread; the mailbox brings it home.
    auto mailbox = std::make_shared<Mailbox<int>>([asked = std::move(asked)](std::vector<int>&&) { asked(); });
    m->stopAsked = [mailbox] { mailbox->post(0); };
}

void EngineHost::reload() {
    if (m->thread)
        m->thread->address().post([](Engine& engine) { engine.ask({"reload", {}}, [](const control::Reply&) {}); });
}

std::unique_ptr<control::Facade> EngineHost::facade() {
    return std::make_unique<InProcessFacade>(m);
}

} // namespace postern::engine
