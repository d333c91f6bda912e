// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/spool_thread.h"

#include "base/mailbox.h"
#include "base/worker_threads.h"

#include <QEventLoop>
#include <QTimer>

#include <algorithm>
#include <future>

namespace postern::queue {
namespace {

constexpr size_t kGroupAtMost = 256;       // requests per commit
constexpr Milliseconds kQuiet{200};        // without requests, before the log is tidied

struct Stop {};
using Letter = std::variant<SpoolRequest, Stop>;

// Cuts what waited into groups; true when asked to stop (everything posted before is carried out).
bool carryOutAll(Spool& spool, std::vector<Letter>&& letters) {
    std::vector<SpoolRequest> group;
    bool stop = false;
    const auto flush = [&] {
        if (!group.empty())
            spool.carryOut(std::exchange(group, {}));
    };
    for (Letter& letter : letters) {
        if (auto* request = std::get_if<SpoolRequest>(&letter))
            group.push_back(std::move(*request));
        else
            stop = true;
        if (group.size() == kGroupAtMost)
            flush();
    }
    flush();
    return stop;
}

} // namespace

struct SpoolThread::Impl {
    FileStore& files;
    const Clock& clock;
    const SpoolSettings settings;

    // Owned by the thread that made the SpoolThread; written before the worker starts to work or after it ended.
    std::unique_ptr<QThread> thread;
    std::future<void> ended;        // waited for beside the thread: ThreadSanitizer does not see into QThread::wait()
    MailboxAddress<Letter> letters; // self-synchronised
    std::shared_ptr<MessageIds> ids;
    QByteArrayList findings;
    std::map<QByteArray, qint64> counters;

    struct Started {
        Result<QueueOutline> queued;
        MailboxAddress<Letter> letters;
        std::shared_ptr<MessageIds> ids;
        QByteArrayList findings;
        std::map<QByteArray, qint64> counters;
    };
    void work(std::promise<Started> started) const;
};

// All of the thread's life: its objects live on this stack.
void SpoolThread::Impl::work(std::promise<Started> started) const {
    WorkerThreads removers(4); // goes after the spool, with all its work done
    SpoolSettings own = settings;
    own.removeFile = [this, &removers](const QByteArray& file) {
        removers.post([this, file] { (void)files.remove(file); });
    };
    Spool spool(files, clock, std::move(own));
    Result<QueueOutline> queued = QueueOutline();
    if (auto opened = spool.open(); !opened)
        queued = opened.error();
    else
        queued = spool.outline();
    if (!queued) {
        started.set_value({std::move(queued), {}, {}, spool.findings(), {}});
        return;
    }
    QEventLoop loop;
    QTimer quiet;
    quiet.setSingleShot(true);
    QObject::connect(&quiet, &QTimer::timeout, &loop, [&spool] { spool.tidy(); });
    Mailbox<Letter> mailbox([&](std::vector<Letter>&& letters_) {
        if (carryOutAll(spool, std::move(letters_)))
            loop.quit();
        else
            quiet.start(kQuiet);
    });
    started.set_value({std::move(queued), mailbox.address(), spool.ids(), spool.findings(), spool.counters()});
    loop.exec();
    spool.close();
}

SpoolThread::SpoolThread(FileStore& files, const Clock& clock, SpoolSettings settings)
    : m(std::make_unique<Impl>(Impl{files, clock, std::move(settings), {}, {}, {}, {}, {}, {}})) {}

SpoolThread::~SpoolThread() {
    stop();
}

Result<QueueOutline> SpoolThread::start() {
    stop();
    std::promise<Impl::Started> promise;
    auto future = promise.get_future();
    std::promise<void> ended;
    m->ended = ended.get_future();
    m->thread.reset(
        QThread::create([impl = m.get(), started = std::move(promise), ended = std::move(ended)]() mutable {
            impl->work(std::move(started));
            ended.set_value();
        }));
    m->thread->setObjectName(QStringLiteral("spool"));
    m->thread->start();
    Impl::Started started = future.get();
    m->letters = std::move(started.letters);
    m->ids = std::move(started.ids);
    m->findings = std::move(started.findings);
    m->counters = std::move(started.counters);
    if (!started.queued) {
        m->thread->wait();
        m->thread.reset();
    }
    return std::move(started.queued);
}

void SpoolThread::post(SpoolRequest request) {
    m->letters.post(std::move(request));
}

void SpoolThread::stop() {
    if (!m->thread)
        return;
    m->letters.post(Stop{});
    m->ended.wait();
    m->thread->wait();
    m->thread.reset(); // m->letters stays: posts that come too late are dropped by the mailbox that is gone
}

QByteArrayList SpoolThread::findings() const {
    return m->findings;
}

std::map<QByteArray, qint64> SpoolThread::counters() const {
    return m->counters;
}

std::shared_ptr<MessageIds> SpoolThread::ids() const {
    return m->ids;
}

QByteArray SpoolThread::incomingPath(MessageId id) const {
    return m->settings.folder + "/incoming/" + toText(id);
}

} // namespace postern::queue
