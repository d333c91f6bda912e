// SPDX-License-Identifier: GPL-3.0-or-later
//
// Builds the objects of a gateway, starts and stops its threads; nothing else knows them all.
//
// Thread: engine control, all of it; EngineHost makes that thread. Order of start: profile, lock, spool, I/O threads, rules,
// listeners, control socket. Order of stop: no new connections, sessions and deliveries to a safe point (10 s at most),
// spool flushed, lock released.
// Failure: start() fails on what makes running pointless (lock, spool, and headless: unusable configuration). In a window an
// unusable configuration is a Problem: the engine runs without listeners until it is mended and reloaded.
#pragma once

#include "base/crash_notes.h"
#include "base/log_file.h"
#include "base/worker_threads.h"
#include "control/facade.h"
#include "control/socket_server.h"
#include "delivery/recipient_lookup.h"
#include "delivery/system_surroundings.h"
#include "engine/delivery_desk.h"
#include "engine/disk_room.h"
#include "engine/file_stamps.h"
#include "engine/io_thread.h"
#include "engine/keychain_watch.h"
#include "engine/listener_book.h"
#include "engine/local_thread.h"
#include "engine/profile.h"
#include "engine/queue_seal.h"
#include "engine/spare_counters.h"

#include <QTimer>

#include <atomic>
#include <memory>
#include <optional>
#include <set>

namespace postern::engine {

struct EngineSettings {
    Profile profile;
    std::optional<policy::Era> dialect; // override detection
    std::vector<std::pair<QByteArray, QByteArray>> macros = {}; // NAME=VALUE of the command line
    bool mustListen = false;            // headless: an unusable configuration or no open listener is a failed start
    size_t ioThreads = 2;
    dns::ResolverSettings dns;
    std::shared_ptr<const Clock> clock = {}; // any thread's; null = the computer's
    AskQueueKey askQueueKey;         // on the engine's thread, at the start; none = nobody can be asked
    keychain::KeychainPtr keychain = {}; // null = the system's
    Milliseconds stopWithin{20'000}; // EngineHost::stop() waits so long
};

class Engine {
  public:
    static constexpr qint64 kReserveBytes = 64LL << 20; // new mail is turned away below so much free room
    explicit Engine(EngineSettings settings);
    ~Engine();

    Result<void> start();
    void stop(std::function<void()> done);
    void onStopAsked(std::function<void()> asked) { m_stopAsked = std::move(asked); } // by the verb `stop`

    void ask(const control::Request& request, control::ReplyDone done);
    void setEventSink(control::EventSink sink) { m_sink = std::move(sink); }
    QByteArrayList listeningOn() const { return m_listeners.openNames(); }

  private:
    friend class ControlVerbs;

    LoadedConfig load() const;
    void apply(LoadedConfig config);
    control::Reply reload();
    control::Reply updateTable(const QByteArray& name);
    void followTableFiles();
    void drained();
    void finishStop();
    void keychainAnswersAgain();
    void keepCounters();
    void keepPauses(std::function<void(Result<void>)> done);
    void restorePauses(const std::map<QByteArray, qint64>& kept);
    void tick();
    void takeSessionEvents(std::vector<listener::SessionEvent>&& events);
    // engine_status.cpp
    control::Status status();
    QJsonObject counters();
    void noteTables();
    QList<control::TableStatus> tableStatuses() const;
    QList<control::Problem> problems(const std::map<queue::RouteKey, int>& waiting) const;

    void startLogFile();
    std::set<queue::MessageId> openCrashNotes(const queue::QueueOutline& queued);
    void takeLogLines(const std::vector<LogLine>& lines);
    void publishChanged();
    listener::ListenerServices listenerServices();
    std::function<void(queue::SpoolRequest)> watchedSpool();
    decltype(DeliveryDesk::Parts::follow) followingAliases();

    EngineSettings m_settings;
    const std::shared_ptr<const Clock> m_clockOwner;
    const Clock& m_clock;
    std::unique_ptr<FileStore> m_files;
    const tables::LookupPoolPtr m_lookups; // before all that may ask: it ends last
    std::unique_ptr<StateLock> m_lock;
    std::unique_ptr<CrashNotes> m_crashNotes; // null: none could be opened
    ActivityJournal m_journal;
    std::unique_ptr<SpareCounters> m_spareCounters;
    std::unique_ptr<queue::SpoolThread> m_spool;
    delivery::RecipientLookup m_lookup{delivery::systemSurroundings()};
    std::unique_ptr<DeliveryDesk> m_desk;
    std::vector<std::unique_ptr<IoThread>> m_ioThreads;
    std::unique_ptr<LocalThread> m_localThread;
    ListenerBook m_listeners;
    policy::RulesetPtr m_rules;
    policy::RulesetPtr m_openedWith; // the settings that the queue was opened with
    queue::SealPtr m_seal;
    std::shared_ptr<const KeychainLogins> m_logins;
    std::unique_ptr<KeychainWatch> m_keychainWatch;
    config::Diagnostics m_configProblems; // errors of a configuration that was not taken
    qint64 m_configLoadedAt = 0;
    qint64 m_startedAt = 0;
    bool m_relayPaused = false, m_smtpPaused = false, m_mdaPaused = false;
    std::unique_ptr<LogFile> m_logFile; // null: none could be opened
    QByteArray m_logTrouble;   // why
    FileStamps m_configStamps; // of the files that the rules in force were read from
    FileStamps m_seenStamps, m_refusedStamps; // of the same files: at the last look, and what could not be taken
    QByteArray m_spoolTrouble; // an update could not be made durable
    QByteArray m_storeTrouble; // new mail could not be made durable
    std::map<QByteArray, qint64> m_lastAccepted;       // by listener name
    std::vector<IoCounts> m_counts;                    // by I/O thread, a second old at most
    LocalCounts m_localCounts;
    std::shared_ptr<std::atomic<qint64>> m_freeBytes;  // any thread
    const queue::ClientSharesPtr m_shares = std::make_shared<queue::ClientShares>();
    std::shared_ptr<DiskRoom> m_room;                  // any thread
    std::map<QByteArray, QByteArray> m_tableTroubles;  // of those that cannot be asked, by name
    bool m_changed = false;
    int m_ticks = 0;
    QTimer m_tick;
    control::EventSink m_sink;
    std::function<void()> m_stopAsked;
    std::function<void()> m_stopped; // while stopping: to be called when it is done
    size_t m_draining = 0;           // I/O threads, and that of deliveries here, not yet at their safe point
    std::unique_ptr<control::SocketServer> m_socket;
    Mailbox<listener::SessionEvent> m_sessionEvents;
    Mailbox<QByteArray> m_storeTroubles; // why new mail could not be stored; "" = it could again
    Mailbox<LogLine> m_logLines;
    Mailbox<std::function<void()>> m_calls; // answers of other threads, carried out here
    WorkerThreads m_readers{2};             // contents for people, from the disk; goes first, with its work done
};

} // namespace postern::engine
