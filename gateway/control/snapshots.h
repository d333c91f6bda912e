// SPDX-License-Identifier: GPL-3.0-or-later
//
// The state of a gateway as plain values with a JSON form: what `status --json`, the control socket and the window share.
// Texts are for people, already harmless (no control characters), never translated here. Times are Unix seconds, 0 = never.
// Thread: values.
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QList>
#include <QString>

namespace postern::control {

enum class Gravity : quint8 { Attention, Error }; // a person is needed, mail is safe / refused, failed, cannot be saved

// One thing somebody should know of or do. id is stable while the cause lasts.
struct Problem {
    Gravity gravity = Gravity::Attention;
    QString id;    // "listener:127.0.0.1:25", "relay:smtp://...", "config", "disk"
    QString title; // who needs what
    QString text;  // what it means for the mail, what to do
    QString where; // "smtpd.conf:12", "" if none
    QJsonObject toJson() const;
    static Problem fromJson(const QJsonObject& json);
};

struct ListenerStatus {
    QString name;    // comment behind the statement, else "address port"
    QString address; // as bound
    int port = 0;
    bool open = false;
    QString detail;  // why it is not open
    QString tls;     // "none", "starttls", "starttls-required", "wrapped"
    QString auth;    // "off", "optional", "required"
    int sessions = 0;
    qint64 lastAt = 0; // last accepted message
    QString where;   // file:line
    QString interface = {}; // as written: "lo0", "egress", "127.0.0.1"
    QJsonObject toJson() const;
    static ListenerStatus fromJson(const QJsonObject& json);
};

struct RelayStatus {
    QString name;  // URL without secrets, or "mail servers of DOMAIN"
    QString state; // "working", "failing", "deferring" (answers, and puts off what waits for it), "idle"
    QString detail; // while failing or deferring: why, in the peer's words
    int waiting = 0; // recipients, those being sent too
    qint64 lastSentAt = 0;
    QString way = {}; // two of one name: what tells this one apart, `action "NAME"`
    QString id() const { return QStringLiteral("relay:") + name + (way.isEmpty() ? way : u' ' + way); } // of problems with it
    QJsonObject toJson() const;
    static RelayStatus fromJson(const QJsonObject& json);
};

// A table that a database, a directory or a program keeps.
struct TableStatus {
    QString name;
    QString backend;  // "mysql"
    QString state;    // "working", as far as known, or "failing"
    QString detail;   // while failing: why
    qint64 since = 0; // while failing
    QJsonObject toJson() const;
    static TableStatus fromJson(const QJsonObject& json);
};

struct Counters {
    // Since midnight, local time; they outlive a restart (a crash costs the last ten seconds of them).
    qint64 taken = 0;     // messages accepted, caught ones too
    qint64 delivered = 0; // recipients
    qint64 refused = 0;   // recipients, messages and sign-ins turned away, as told to the client
    qint64 bounced = 0;   // notices sent back, and mail given up without one
    QList<int> takenPerHour, waitingPerHour, refusedPerHour; // 24 each
    QJsonObject toJson() const;
    static Counters fromJson(const QJsonObject& json);
};

struct Status {
    QString version, profile, configFile, serverName;
    qint64 pid = 0, startedAt = 0, configLoadedAt = 0;
    QString dialect; // "2012", "legacy", "modern"
    bool catchesMail = false;  // some rule catches
    bool sendsMail = false;    // some rule relays, whether or not anything was sent yet
    bool relayPaused = false, smtpPaused = false, mdaPaused = false;
    int waiting = 0, inFlight = 0, held = 0, caught = 0; // recipients, as the rows of the queue
    int inFlightHere = 0; // of inFlight, those being delivered on this computer
    int messages = 0;                                    // that these belong to
    int sessions = 0;
    qint64 diskFree = 0; // octets, spool folder
    QList<ListenerStatus> listeners;
    ListenerStatus socket; // for programs of this computer; address = its path
    QList<RelayStatus> relays;
    QList<TableStatus> tables; // those that are asked
    QList<Problem> problems; // worst first
    Counters today;
    QJsonObject toJson() const;
    static Status fromJson(const QJsonObject& json);
};

// One recipient that is still in the queue.
struct QueueRow {
    QString id;      // envelope, 16 hex digits
    QString message; // message, 8 hex digits
    QString state;   // "waiting", "sending", "held", "caught"
    QString sender, recipient, subject, client, user;
    QString destination; // where it goes: the recipient, or what aliases made of it
    QString method;      // "relay", "catch", "mbox", "maildir", "mda", "lmtp"
    QString account;     // who it is delivered as on this computer; "" = nobody in particular
    QString relay;       // the next hop or, on this computer, "maildir of ann"
    bool isHere() const { return method != u"relay" && method != u"catch" && !method.isEmpty(); }
    qint64 size = 0, createdAt = 0, nextTryAt = 0, lastTryAt = 0, expiresAt = 0;
    int tries = 0;
    QString lastError;
    QJsonObject toJson() const;
    static QueueRow fromJson(const QJsonObject& json);
};

// One plain line of what happened.
struct ActivityEvent {
    qint64 serial = 0; // rises; for `since`
    qint64 at = 0;     // Unix seconds
    // "taken", "delivered", "delayed", "bounced", "notice" (of delay or success, or what a bounce became), "refused",
    // "caught", "session", "engine", "config"
    QString kind;
    QString text;      // the line
    QString detail;    // protocol words, may be several lines
    QString message;   // message id, "" if none
    QJsonObject toJson() const;
    static ActivityEvent fromJson(const QJsonObject& json);
};

struct Event {
    QString kind; // "activity" (activity is set), "changed" (ask for status again), "log" (line is set), "stopping"
    ActivityEvent activity;
    QString line = {}; // of the log, as log.tail gives it
    QJsonObject toJson() const;
    static Event fromJson(const QJsonObject& json);
};

} // namespace postern::control
