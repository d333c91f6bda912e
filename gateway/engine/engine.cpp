// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/engine.h"

#include "engine/control_verbs.h"
#include "engine/descriptor_limit.h"
#include "keychain/keychain_program.h"
#include "tables/table_factory.h"

using namespace Qt::StringLiterals;

namespace postern::engine {
namespace {

constexpr Milliseconds kTick{1'000};
constexpr Milliseconds kStopGrace{8'000};
constexpr Milliseconds kDrainSlack{2'000}; // after that a drain is not waited for any longer
constexpr int kTicksPerCheck = 10; // disk, failed listeners
constexpr int kTicksPerLook = 2;   // at the files of tables
constexpr char kPausedMta[] = "paused.mta", kPausedSmtp[] = "paused.smtp", kPausedMda[] = "paused.mda";
constexpr int kMostCrashes = 3; // of one message, then it is held

QString textOf(const QByteArray& bytes) {
    return QString::fromUtf8(harmless(bytes, 1000));
}

} // namespace

Engine::Engine(EngineSettings settings)
    : m_settings(std::move(settings)), m_clockOwner(m_settings.clock ? m_settings.clock : std::make_shared<SystemClock>()),
      m_clock(*m_clockOwner), m_files(makeDiskFileStore()),
      m_lookups(std::make_shared<tables::LookupPool>(m_clockOwner)), m_journal(m_clock),
      m_listeners(m_settings.profile.submissionPath()),
      m_rules(std::make_shared<policy::Ruleset>()), m_freeBytes(std::make_shared<std::atomic<qint64>>(0)),
      m_sessionEvents([this](std::vector<listener::SessionEvent>&& e) { takeSessionEvents(std::move(e)); }),
      m_storeTroubles([this](std::vector<QByteArray>&& troubles) {
          m_storeTrouble = troubles.back();
          m_changed = true;
      }),
      m_logLines([this](std::vector<LogLine>&& lines) {
          takeLogLines(lines);
      }),
      m_calls([](std::vector<std::function<void()>>&& calls) {
          for (const auto& call : calls)
              call();
      }) {
    m_journal.setSink([this](const control::ActivityEvent& event) {
        control::Event out;
        out.kind = u"activity"_s;
        out.activity = event;
        if (m_sink)
            m_sink(out);
        if (m_socket)
            m_socket->publish(out);
    });
    QObject::connect(&m_tick, &QTimer::timeout, &m_tick, [this] { tick(); });
}

Engine::~Engine() {
    setLogListener({});
}

Result<void> Engine::start() {
    if (!m_settings.keychain)
        m_settings.keychain = keychain::systemKeychain();
    m_logins = std::make_shared<KeychainLogins>(m_settings.profile, m_settings.keychain);
    m_keychainWatch = std::make_unique<KeychainWatch>(m_logins, [this] { keychainAnswersAgain(); });
    m_startedAt = m_clock.wall().time_since_epoch().count();
    setLogListener([address = m_logLines.address()](const LogLine& line) { address.post(line); });
    raiseDescriptorLimit();
    keepNewFilesPrivate();
    const Profile& profile = m_settings.profile;
    if (auto prepared = prepare(*m_files, profile); !prepared)
        return prepared;
    auto lock = StateLock::take(profile.stateFolder);
    if (!lock)
        return lock.error();
    m_lock = std::move(lock).value();
    startLogFile();

    if (m_settings.dns.servers.isEmpty())
        m_settings.dns.servers = profile.nameServers();
    if (!m_settings.dns.servers.isEmpty())
        log(LogLevel::Notice, LogArea::Dns,
            "asking the name servers of " + profile.settingsFile() + ": " + harmless(m_settings.dns.servers.join(", "), 200));

    LoadedConfig config = load();
    for (const config::Diagnostic& d : config.diagnostics)
        log(d.severity == config::Severity::Error ? LogLevel::Error
            : d.severity == config::Severity::Warning ? LogLevel::Warning : LogLevel::Info,
            LogArea::Config, d.print());
    if (m_settings.mustListen && !config.isUsable())
        return Error{ErrorCode::Invalid, config.firstError(), Permanence::Permanent};

    auto seal = queueSeal(config.rules->settings, {m_settings.askQueueKey, m_settings.keychain, profile.queueKeyName()});
    if (!seal) {
        if (waitsForKeychain(seal.error())) // else whoever starts us says it
            log(LogLevel::Error, LogArea::Queue, seal.error().text);
        return seal.error();
    }
    m_seal = std::move(*seal);
    m_openedWith = config.rules;
    queue::SpoolSettings spool;
    spool.folder = profile.stateFolder;
    spool.reserveBytes = kReserveBytes;
    spool.seal = m_seal;
    m_spool = std::make_unique<queue::SpoolThread>(*m_files, m_clock, spool);
    auto queued = m_spool->start();
    if (!queued)
        return queued.error();
    m_freeBytes->store(m_files->freeBytes(profile.stateFolder).value_or(0));
    m_room = std::make_shared<DiskRoom>(*m_files, m_clock, profile.stateFolder, kReserveBytes, m_freeBytes, m_shares);
    const std::map<QByteArray, qint64> counters = m_spool->counters();
    m_spareCounters = std::make_unique<SpareCounters>(*m_files, profile.stateFolder + "/today");
    m_spareCounters->makeRoom();
    m_journal.restoreCounters(m_spareCounters->newer(counters));

    DeliveryDesk::Parts parts;
    parts.clock = &m_clock;
    parts.files = m_files.get();
    parts.spool = m_spool.get();
    parts.journal = &m_journal;
    parts.shares = m_shares;
    parts.follow = followingAliases();
    parts.workers = m_settings.ioThreads;
    parts.submit = [this](size_t worker, std::vector<relay::RelayJob> jobs) {
        m_ioThreads[worker]->submit(std::move(jobs));
    };
    parts.submitLocal = [this](std::vector<local::LocalJob> jobs) { m_localThread->submit(std::move(jobs)); };
    parts.changed = [this] { m_changed = true; };
    parts.spoolTroubled = [this](const Error& error) {
        m_spoolTrouble = error.text;
        log(LogLevel::Error, LogArea::Queue, "the queue could not be written: " + error.text);
        m_changed = true;
    };
    parts.spoolFine = [this] { m_spoolTrouble.clear(); };
    m_desk = std::make_unique<DeliveryDesk>(std::move(parts));

    const auto ledger = std::make_shared<relay::ConnectionLedger>(); // shared by the workers: a limit does not end at a thread
    const auto rate = std::make_shared<relay::SendingRate>();
    for (size_t i = 0; i < m_settings.ioThreads; ++i) {
        IoThreadSettings io;
        io.relayLimits.ledger = ledger;
        io.relayLimits.rate = rate;
        io.services = listenerServices();
        io.dns = m_settings.dns;
        io.report = m_desk->reportSink();
        m_ioThreads.push_back(std::make_unique<IoThread>(std::move(io)));
    }
    LocalThreadSettings local;
    local.clock = &m_clock;
    local.files = m_files.get();
    local.dns = m_settings.dns;
    if (const QByteArray folder = m_settings.profile.mailFolder(); !folder.isEmpty())
        local.limits.mailFolder = folder;
    local.report = m_desk->localReportSink();
    m_localThread = std::make_unique<LocalThread>(std::move(local));
    m_counts.resize(m_ioThreads.size());
    restorePauses(counters);

    const bool usable = config.isUsable();
    if (usable)
        apply(std::move(config));
    else
        m_configProblems = std::move(config.diagnostics);

    for (const ListenerBook::Failure& failure : m_listeners.failures())
        log(LogLevel::Error, LogArea::Engine,
            failure.origin.file + ':' + QByteArray::number(failure.origin.line) + ": " + failure.reason);
    if (m_settings.mustListen && m_listeners.openNames().isEmpty())
        return Error{ErrorCode::Busy, "no listener could be opened, so there is nothing to do; see the lines above"};

    m_socket = std::make_unique<control::SocketServer>(
        [this](const control::Request& request, control::ReplyDone done) { ask(request, std::move(done)); });
    if (auto listening = m_socket->listen(profile.socketPath()); !listening)
        return listening;
    const std::set<queue::MessageId> deadly = openCrashNotes(*queued);
    m_desk->add(std::move(queued).value(), deadly); // last: a start that fails must not have sent anything
    m_tick.start(kTick);
    tick();
    log(LogLevel::Notice, LogArea::Engine,
        "Postern " POSTERN_VERSION " runs; listening on " + m_listeners.openNames().join(", "));
    m_journal.add("engine", "Postern started");
    return {};
}

// Which messages earlier lives of the gateway have died of, too often to try once more.
std::set<queue::MessageId> Engine::openCrashNotes(const queue::QueueOutline& queued) {
    auto notes = CrashNotes::open(m_settings.profile.stateFolder + "/crashes");
    if (!notes) {
        log(LogLevel::Warning, LogArea::Queue,
            "a message that brings the gateway down would not be found out: " + notes.error().text);
        return {};
    }
    m_crashNotes = std::move(notes).value();
    std::set<queue::MessageId> deadly;
    std::map<quint32, int> stillQueued;
    for (const queue::QueueOutline::OfMessage& one : queued.messages) {
        const auto at = m_crashNotes->counts().find(one.id);
        if (at == m_crashNotes->counts().end())
            continue;
        if (at->second >= kMostCrashes)
            deadly.insert(one.id); // held now; once released it may begin anew
        else
            stillQueued.insert(*at);
    }
    m_crashNotes->keepOnly(std::move(stillQueued));
    return deadly;
}

// Only behind the lock: two gateways never write to one log.
void Engine::startLogFile() {
    auto file = LogFile::open(m_settings.profile.logFolder());
    if (!file) {
        m_logTrouble = file.error().text;
        log(LogLevel::Warning, LogArea::Engine, m_logTrouble);
        return;
    }
    m_logFile = std::move(file).value();
    setLogListener([address = m_logLines.address(), onDisk = m_logFile.get()](const LogLine& line) {
        onDisk->add(toText(line));
        address.post(line);
    });
}

void Engine::takeLogLines(const std::vector<LogLine>& lines) {
    for (const LogLine& line : lines) {
        const QString& text = m_journal.addLogLine(line);
        if (!m_socket || !m_socket->isLogFollowed())
            continue;
        control::Event event;
        event.kind = u"log"_s;
        event.line = text;
        m_socket->publish(event);
    }
}

// Listeners' requests to the spool; a store that fails raises a Problem until one works again.
std::function<void(queue::SpoolRequest)> Engine::watchedSpool() {
    const auto isTroubled = std::make_shared<std::atomic<bool>>(false);
    return [spool = m_spool.get(), isTroubled, troubles = m_storeTroubles.address()](queue::SpoolRequest request) {
        if (auto* store = std::get_if<queue::StoreMessage>(&request)) {
            store->done = [inner = std::move(store->done), isTroubled, troubles](Result<queue::BodyPtr> outcome) {
                if (outcome.has_value() == isTroubled->load(std::memory_order_relaxed)) {
                    isTroubled->store(!outcome);
                    troubles.post(outcome ? QByteArray() : outcome.error().text);
                }
                inner(std::move(outcome));
            };
        }
        spool->post(std::move(request));
    };
}

listener::ListenerServices Engine::listenerServices() {
    listener::ListenerServices services;
    services.clock = &m_clock;
    services.files = m_files.get();
    services.toSpool = watchedSpool();
    services.newMessageId = [ids = m_spool->ids()] { return ids->next(); };
    services.incomingPath = [spool = m_spool.get()](queue::MessageId id) { return spool->incomingPath(id); };
    // Asked for each mail and each MiB of a large one; the disk may fill up between two of our own looks at it.
    services.room = [room = m_room] { return room->octets(); };
    services.shares = m_shares;
    services.seal = m_seal;
    services.stored = m_desk->storedSink();
    services.follow = followingAliases();
    services.report = [address = m_sessionEvents.address()](listener::SessionEvent event) {
        address.post(std::move(event));
    };
    return services;
}

decltype(DeliveryDesk::Parts::follow) Engine::followingAliases() {
    return [this](policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                  std::function<void(delivery::Outcome)> done) {
        m_lookup.follow(std::move(first), std::move(rules), std::move(context), std::move(done));
    };
}

LoadedConfig Engine::load() const {
    policy::CompileOptions options;
    options.dialect = m_settings.dialect;
    options.macros = m_settings.macros;
    options.lookups = m_lookups;
    options.logins = m_logins;
    return loadConfig(*m_files, m_settings.profile.configFile, options);
}

void Engine::apply(LoadedConfig config) {
    m_rules = config.rules;
    m_configProblems.clear();
    m_configStamps = FileStamps(m_rules->files);
    m_configLoadedAt = m_clock.wall().time_since_epoch().count();
    m_listeners.apply(config);
    m_desk->setOwnAddresses(m_listeners.mailAddresses());
    m_desk->setRules(config.rules, serverName(*config.rules), config.identities);
    for (const auto& thread : m_ioThreads) {
        thread->serve(m_listeners.services());
        thread->forgetRelayFailures();
    }
    m_localThread->forgetFailures();
    m_changed = true;
}

// One table's file again. Rules refer to their tables, so all is read; what else changed on the disk must not slip in with it.
control::Reply Engine::updateTable(const QByteArray& name) {
    const auto at = m_rules->tableOrigins.find(name);
    const auto refused = [](const QByteArray& why) { return control::Reply{false, {}, textOf(why) + u'.'}; };
    if (at == m_rules->tableOrigins.end()) {
        QByteArrayList names;
        for (const auto& [known, origin] : m_rules->tableOrigins)
            names.append(known);
        return refused("the configuration has no table \"" + name + '"' +
                       (names.isEmpty() ? QByteArray() : "; it has " + names.join(", ")));
    }
    const policy::TableOrigin& table = at->second;
    const QByteArray where = table.origin.file + ':' + QByteArray::number(table.origin.line);
    const tables::TablePtr now = m_rules->table(name);
    if (now && !now->isConnected())
        return refused("table " + name + " (" + table.backend + ") is not connected, so there is nothing to read");
    if (table.backend == "keychain")
        return refused("table " + name + " is in the keychain, which is asked each time, so there is nothing to read");
    if (table.path.isEmpty())
        return refused("table " + name + " has its entries in the configuration itself (" + where +
                       "); `posternctl reload` reads that again");
    if (const auto changed = m_configStamps.firstChange(table.path); !changed.isEmpty())
        return refused("besides table " + name + ", " + changed +
                       " has changed since it was read; `posternctl reload` takes all of it");
    const control::Reply reply = reload();
    if (!reply.ok)
        return reply;
    const tables::TablePtr read = m_rules->table(name);
    if (read && read->state()) { // asked each time: what it said a moment ago is forgotten
        read->refresh();
        return {true, QJsonObject{}, {}};
    }
    return {true, QJsonObject{{u"entries"_s, qint64(read ? read->size() : 0)}}, {}};
}

// A table's file that has changed, and has been still for two looks, is read again by itself; what does not read leaves the one
// from before in force. While something else of the configuration has changed, somebody is editing: then a reload takes it all.
void Engine::followTableFiles() {
    const FileStamps now = m_configStamps.now();
    const bool isStill = now == std::exchange(m_seenStamps, now);
    if (!isStill || now == m_configStamps || now == m_refusedStamps)
        return;
    const QByteArrayList changed = m_configStamps.differences(now);
    const bool areTables = std::all_of(changed.begin(), changed.end(), [this](const QByteArray& path) {
        return std::any_of(m_rules->tableOrigins.begin(), m_rules->tableOrigins.end(), [&path](const auto& table) {
            return tables::backendOf(table.second.backend) != tables::BackendKind::Unsupported && FileStamps::plain(table.second.path) == path;
        });
    });
    if (!areTables)
        return;
    log(LogLevel::Notice, LogArea::Config, changed.join(", ") + " has changed and is read again");
    if (!reload().ok)
        m_refusedStamps = now;
}

control::Reply Engine::reload() {
    LoadedConfig config = load();
    if (!config.isUsable()) {
        m_configProblems = config.diagnostics;
        m_changed = true;
        const QByteArray error = config.firstError();
        log(LogLevel::Error, LogArea::Config, "the configuration was not taken, the old one stays: " + error);
        m_journal.add("config", "The changed configuration was not taken; the one from before stays", error);
        return {false, {}, u"The old configuration stays. "_s + textOf(error)};
    }
    apply(std::move(config));
    QJsonArray texts;
    for (const ListenerBook::Failure& failure : m_listeners.failures())
        texts.append(textOf(failure.reason));
    if (!sameQueueSeal(m_rules->settings, m_openedWith->settings)) {
        const QByteArray later = "\"queue compression\" or \"queue encryption\" was changed: that takes effect at the next start";
        log(LogLevel::Notice, LogArea::Config, later);
        texts.append(textOf(later));
    }
    log(LogLevel::Notice, LogArea::Config,
        "configuration taken; listening on " + m_listeners.openNames().join(", "));
    m_journal.add("config", "The configuration was read again");
    return {true, QJsonObject{{u"problems"_s, texts}}, {}};
}

void Engine::stop(std::function<void()> done) {
    m_stopped = std::move(done);
    m_tick.stop();
    m_desk->stop();
    control::Event stopping;
    stopping.kind = u"stopping"_s;
    if (m_sink)
        m_sink(stopping);
    m_socket->publish(stopping);
    log(LogLevel::Notice, LogArea::Engine, "stopping");
    m_draining = m_ioThreads.size() + 1;
    const auto oneLess = [this, calls = m_calls.address()] {
        calls.post([this] {
            if (--m_draining == 0)
                drained();
        });
    };
    m_localThread->drain(kStopGrace, oneLess);
    for (const auto& thread : m_ioThreads)
        thread->drain(kStopGrace, oneLess);
    QTimer::singleShot(kStopGrace + kDrainSlack, &m_tick, [this] {
        if (!m_stopped || m_ioThreads.empty())
            return;
        log(LogLevel::Warning, LogArea::Engine, "some connections did not end in time; stopping without them");
        drained();
    });
}

void Engine::drained() {
    if (m_ioThreads.empty())
        return;
    m_ioThreads.clear(); // waits for the threads; nothing reports into us any more
    m_localThread.reset();
    // What they reported last lies in our mailboxes: it is settled before this second call runs.
    m_calls.post([this] { finishStop(); });
}

void Engine::finishStop() {
    m_listeners.clear();
    keepCounters();
    m_spool->stop(); // everything that was posted is durable
    m_socket->close();
    m_lock.reset();
    log(LogLevel::Notice, LogArea::Engine, "stopped");
    std::exchange(m_stopped, {})();
}

void Engine::keepCounters() {
    if (auto values = m_journal.countersToKeep(); !values.empty())
        m_spool->post(queue::KeepCounters{std::move(values), [this, calls = m_calls.address()](Result<void> kept) {
                                              if (!kept)
                                                  calls.post([this] { m_spareCounters->keep(m_journal.keepAgain()); });
                                          }});
}

// Who paused something wants it paused until he says otherwise, not until the computer starts again.
void Engine::keepPauses(std::function<void(Result<void>)> done) {
    m_spool->post(queue::KeepCounters{
        {{kPausedMta, m_relayPaused}, {kPausedSmtp, m_smtpPaused}, {kPausedMda, m_mdaPaused}},
        [done = std::move(done), calls = m_calls.address()](Result<void> kept) {
            calls.post([done, kept = std::move(kept)] { done(kept); });
        }});
}

void Engine::restorePauses(const std::map<QByteArray, qint64>& kept) {
    const auto wasPaused = [this, &kept](const char* name, const QByteArray& what, const QByteArray& verb) {
        const auto at = kept.find(name);
        if (at == kept.end() || at->second == 0)
            return false;
        const QByteArray news = "Still paused: " + what + "; `posternctl resume " + verb + "` goes on";
        log(LogLevel::Notice, LogArea::Engine, news);
        m_journal.add("engine", news);
        return true;
    };
    m_relayPaused = wasPaused(kPausedMta, "sending", "mta");
    m_smtpPaused = wasPaused(kPausedSmtp, "receiving", "smtp");
    m_mdaPaused = wasPaused(kPausedMda, "delivering on this computer", "mda");
    m_desk->setPaused(m_relayPaused, m_mdaPaused);
    m_localThread->setPaused(m_mdaPaused);
    for (const auto& thread : m_ioThreads)
        thread->setSmtpPaused(m_smtpPaused);
}

void Engine::takeSessionEvents(std::vector<listener::SessionEvent>&& events) {
    using Kind = listener::SessionEvent::Kind;
    for (const listener::SessionEvent& event : events) {
        const QByteArray id = event.message ? queue::toText(event.message) : QByteArray();
        switch (event.kind) {
        case Kind::Accepted:
        case Kind::Caught:
            m_lastAccepted[event.listener] = m_clock.wall().time_since_epoch().count();
            m_journal.add(event.kind == Kind::Caught ? "caught" : "taken", event.text, event.detail, id);
            break;
        case Kind::Refused:
        case Kind::LoginFailed:
            m_journal.add("refused", event.text, event.detail, id);
            break;
        case Kind::SessionOpened:
        case Kind::SessionClosed:
            m_journal.add("session", event.text, event.detail, id);
            break;
        }
    }
    m_changed = true;
}

void Engine::tick() {
    if (m_ticks++ % kTicksPerCheck == 0) {
        if (const auto free = m_files->freeBytes(m_settings.profile.stateFolder)) {
            const bool wasLow = m_freeBytes->load() <= kReserveBytes;
            m_freeBytes->store(*free);
            if (wasLow != (*free <= kReserveBytes))
                m_changed = true;
        }
        if (m_listeners.refresh()) {
            m_desk->setOwnAddresses(m_listeners.mailAddresses());
            for (const auto& thread : m_ioThreads)
                thread->serve(m_listeners.services());
            m_changed = true;
        }
        m_journal.noteWaiting(m_desk->scheduler().counts().waiting);
        keepCounters();
    }
    if (m_ticks % kTicksPerLook == 0)
        followTableFiles();
    for (size_t i = 0; i < m_ioThreads.size(); ++i) {
        m_ioThreads[i]->count([this, i, calls = m_calls.address()](IoCounts counts) {
            calls.post([this, i, counts = std::move(counts)] {
                if (i < m_counts.size() && m_counts[i].sessions != counts.sessions)
                    m_changed = true;
                if (i < m_counts.size())
                    m_counts[i] = counts;
            });
        });
    }
    noteTables();
    m_keychainWatch->tick(m_clock.steady());
    m_localThread->count([this, calls = m_calls.address()](LocalCounts counts) {
        calls.post([this, counts] { m_localCounts = counts; });
    });
    if (std::exchange(m_changed, false))
        publishChanged();
}

// Mail that waits for a login need not wait for its next turn.
void Engine::keychainAnswersAgain() {
    std::vector<queue::EnvelopeId> waiting;
    for (const auto& [route, relay] : m_desk->relays())
        if (relay.failing && relay.detail.contains("keychain"))
            waiting.insert(waiting.end(), relay.deferred.begin(), relay.deferred.end());
    log(LogLevel::Notice, LogArea::Relay, "the keychain answers again");
    for (const auto& thread : m_ioThreads)
        thread->forgetRelayFailures();
    m_desk->retry(waiting);
    m_changed = true;
}

void Engine::publishChanged() {
    control::Event changed;
    changed.kind = u"changed"_s;
    if (m_sink)
        m_sink(changed);
    if (m_socket)
        m_socket->publish(changed);
}

void Engine::ask(const control::Request& request, control::ReplyDone done) {
    ControlVerbs(*this).carryOut(request, std::move(done));
}

} // namespace postern::engine
