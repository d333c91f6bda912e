// SPDX-License-Identifier: GPL-3.0-or-later
//
// From "safe on disk" to "delivered, tried again, or returned": joins the scheduler, the spool and the relay workers.
//
// The only place where an envelope's fate changes: results of workers and wishes of people come in, updates go to the
// spool, and bounces are made in the same commit that removes what they are about.
// Thread: engine control. Lifetime: stop() first, so that workers report nothing into it any more.
// Failure: an update that cannot be made durable is kept and tried again (at worst a message is sent twice, never lost);
//   a bounce that no rule takes leaves its envelopes on hold with the reason.
#pragma once

#include "base/mailbox.h"
#include "delivery/expand.h"
#include "engine/activity_journal.h"
#include "engine/relay_record.h"
#include "policy/match.h"
#include "local/local_worker.h"
#include "queue/bounce.h"
#include "queue/scheduler.h"
#include "queue/spool_thread.h"
#include "relay/relay_worker.h"

#include <QTimer>

#include <functional>
#include <map>
#include <set>
#include <unordered_map>

namespace postern::engine {

// Tries that ended, since the start; one for each recipient.
struct DeskCounts {
    qint64 delivered = 0, temporary = 0, permanent = 0;
    qint64 deliveredHere = 0; // of those delivered
};

class DeliveryDesk {
  public:
    struct Parts {
        const Clock* clock = nullptr;
        FileStore* files = nullptr;
        queue::SpoolThread* spool = nullptr;
        ActivityJournal* journal = nullptr;
        std::function<void(size_t worker, std::vector<relay::RelayJob>)> submit; // to the n-th I/O thread
        size_t workers = 1;
        std::function<void(std::vector<local::LocalJob>)> submitLocal; // null: nothing is delivered on this computer
        // Follows a notice's recipient through aliases, as delivery::RecipientLookup does; null: nobody does.
        std::function<void(policy::Verdict first, policy::RulesetPtr rules, policy::MatchContext context,
                           std::function<void(delivery::Outcome)> done)> follow;
        queue::ClientSharesPtr shares;                    // of the queue's disk; null = not counted
        std::function<void()> changed;                    // counts or relay states are different now
        std::function<void(const Error&)> spoolTroubled;  // an update could not be made durable
        std::function<void()> spoolFine;
    };
    explicit DeliveryDesk(Parts parts);
    ~DeliveryDesk();

    void setRules(policy::RulesetPtr rules, QByteArray serverName,
                  std::map<QByteArray, tls::IdentityPtr> identities);
    void setOwnAddresses(QByteArrayList addresses); // where this gateway listens on port 25: an MX there is a loop
    // At start, from the spool. What the gateway died of too often before is held (Q15).
    void add(queue::QueueOutline outline, const std::set<queue::MessageId>& deadly = {});
    void stop();                                        // nothing new leaves; reports still count
    void recordAgain(); // what could not be made durable; a timer of its own calls it, tests too

    // Any thread: what the listeners' commits and the workers say.
    std::function<void(queue::QueuedMessage, queue::BodyPtr)> storedSink() const;
    std::function<void(relay::RelayReport)> reportSink() const;
    std::function<void(local::LocalReport)> localReportSink() const;

    // People's wishes; each returns how many envelopes changed. Durable when the next commit is.
    int retry(const std::vector<queue::EnvelopeId>& ids);
    int hold(const std::vector<queue::EnvelopeId>& ids);
    int release(const std::vector<queue::EnvelopeId>& ids);
    int remove(const std::vector<queue::EnvelopeId>& ids);
    void setPaused(bool away, bool here = false); // sending; delivering on this computer
    // Of a message as it lies on the disk, the envelopes that are not scheduled (`only`: that one, 0 = all) are, from now on.
    // One that is just coming in is left to the way it comes by.
    int discover(queue::QueuedMessage queued, queue::EnvelopeId only);

    const queue::Scheduler& scheduler() const { return m_scheduler; }
    const std::map<queue::RouteKey, RelayRecord>& relays() const { return m_relays; }
    void tellTwinsApart() { engine::tellTwinsApart(m_relays, *m_rules); }
    const DeskCounts& tries() const { return m_tries; }
    QByteArray routeOf(const queue::Way& way) const;

  private:
    struct Stored {
        queue::QueuedMessage queued;
        queue::BodyPtr body;
    };
    struct MailRead {
        queue::MessageId id;
        Result<queue::QueuedMessage> words;
        Result<queue::BodyPtr> body;
    };
    // Somebody is to be told something, as soon as the message is at hand.
    struct Telling {
        queue::NoticeKind kind = queue::NoticeKind::Failed;
        queue::Failure about;
        std::vector<queue::EnvelopeUpdate> updates; // durable together with the notice; Failed: made when it is
    };
    // A notice whose way to the sender is not known yet.
    struct Notice {
        Telling telling;
        queue::BounceText text;
        WallTime at;
    };
    struct NoticeWay { // comes later
        std::shared_ptr<Notice> notice;
        std::optional<policy::Verdict> verdict; // or
        delivery::Outcome outcome;
    };
    struct Recorded {
        queue::UpdateEnvelopes request; // to try again if it failed
        std::vector<queue::EnvelopeId> returned; // failed envelopes whose bounce is in it
        std::vector<std::pair<queue::QueuedMessage, queue::BodyPtr>> bounces;
        queue::Failure about = {}; // what the bounces tell of
        Result<void> outcome;
    };

    void pump();
    void takeStored(std::vector<Stored>&& batch);
    void takeReports(std::vector<relay::RelayReport>&& batch);
    void takeMail(std::vector<MailRead>&& batch);
    void takeRecorded(std::vector<Recorded>&& batch);
    void noteTold(const Recorded& recorded, const queue::QueuedMessage& notice);

    std::shared_ptr<const policy::RelaySpec> specOf(const QByteArray& action, const QByteArray& relay, QByteArray* why) const;
    void dispatch(queue::Delivery delivery, queue::BodyPtr body);
    void setAside(queue::QueueOutline& outline, const queue::QueueOutline::OfMessage& message);
    void dispatchRead(queue::Delivery delivery, const MailRead& read);
    void dispatchAway(queue::Delivery delivery, queue::BodyPtr body);
    // Delivering on this computer: delivery_desk_local.cpp.
    Result<local::LocalJob> localJobFor(const queue::Way& way) const; // all but the delivery, its users and content
    queue::RouteKey localRouteOf(const queue::Way& way) const;
    void dispatchLocal(queue::Delivery delivery, queue::BodyPtr body);
    void takeLocalReports(std::vector<local::LocalReport>&& batch);
    void note(const std::vector<queue::TryOutcome>& outcomes, const QByteArray& peer, bool isDamaged = false); // in the journal and the counters
    void shelve(const queue::Delivery& delivery, const Error& error);
    void keepForLater(RelayRecord& relay, const std::vector<queue::TryOutcome>& outcomes);
    void release(RelayRecord& relay);
    void refuse(const queue::Delivery& delivery, const QByteArray& why, queue::TryResult result);
    void settle(const std::vector<queue::TryOutcome>& outcomes, std::vector<Telling> tellings = {});
    void record(std::vector<queue::EnvelopeUpdate> updates);
    void giveBack(std::vector<queue::Failure> failures);
    // Telling senders what became of their mail: delivery_desk_notices.cpp.
    struct Late { // waits, and may have to be told of after this try
        std::shared_ptr<const queue::Message> message;
        queue::Envelope envelope; // before the try
    };
    std::vector<Late> mayBeLate(const std::vector<queue::TryOutcome>& outcomes) const;
    void tellOfDelay(const std::vector<Late>& late, const std::vector<queue::EnvelopeUpdate>& updates);
    void tell(Telling telling);
    void tellWith(Telling telling, const queue::BodyPtr& body);
    policy::MatchContext contextOfNoticeTo(const QByteArray& sender) const;
    void decideNotice(std::shared_ptr<Notice> notice, policy::Verdict verdict);
    void takeNoticeWays(std::vector<NoticeWay>&& batch);
    void keepUntold(const Telling& telling, const QByteArray& why);
    void sendNotice(Notice& notice, const std::vector<delivery::End>& ends);
    queue::Original originalOf(const queue::BodyPtr& body) const;
    bool mayTell(const QByteArray& sender); // Q14: so many notices an hour, not more
    void dropWithoutNotice(const Telling& telling);
    void tellRead(Telling telling, const MailRead& read);
    void keep(const queue::Failure& failure, const QByteArray& why, queue::Scheduler::Unreturned what);
    const Result<tls::ClientRulesPtr>& handshakesOf(const policy::RelaySpec& spec);
    void fetch(queue::MessageId id);
    void remember(const queue::QueuedMessage& queued, const queue::BodyPtr& body);
    void forgetBodyOf(queue::EnvelopeId id);

    Parts m_parts;
    policy::RulesetPtr m_rules;
    QByteArray m_serverName;
    std::shared_ptr<const QByteArrayList> m_ownAddresses;
    QByteArrayList m_localNames;
    std::map<QByteArray, tls::IdentityPtr> m_identities;
    queue::Scheduler m_scheduler;
    mutable std::unordered_map<QByteArray, std::shared_ptr<const policy::RelaySpec>> m_specs; // by envelope.relay bytes
    std::map<QByteArray, Result<tls::ClientRulesPtr>> m_handshakes; // by the words for them
    std::map<queue::RouteKey, RelayRecord> m_relays;
    DeskCounts m_tries;
    std::unordered_map<queue::MessageId, queue::BodyPtr> m_bodies; // small contents that may be needed soon
    qint64 m_bodyBytes = 0;
    std::unordered_map<queue::MessageId, std::vector<queue::Delivery>> m_waitingForMail;
    std::unordered_map<queue::MessageId, std::vector<Telling>> m_tellingsWaitingForMail;
    std::unordered_map<QByteArray, std::pair<qint64, int>> m_told; // notices to a sender: hour, how many
    std::vector<queue::UpdateEnvelopes> m_unrecorded; // failed commits, to be tried again
    bool m_spoolTroubled = false; // the last commit heard of failed
    bool m_stopped = false;
    QTimer m_wake;
    QTimer m_again;
    Mailbox<Stored> m_stored;
    Mailbox<relay::RelayReport> m_reports;
    Mailbox<local::LocalReport> m_localReports;
    Mailbox<MailRead> m_mailRead;
    Mailbox<Recorded> m_recorded;
    Mailbox<NoticeWay> m_noticeWays;
};

} // namespace postern::engine
