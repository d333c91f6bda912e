// SPDX-License-Identifier: GPL-3.0-or-later
//
// The inside of Spool, shared by spool.cpp (opening, loading, reading), spool_commit.cpp (the group commit) and
// spool_segments.cpp (what of the segments is in use). Private.
#pragma once

#include "queue/message_id.h"
#include "queue/segments.h"
#include "queue/spool.h"
#include "queue/spool_rows.h"

#include <QByteArrayList>

#include <unordered_set>

namespace postern::queue {

// Where the spool keeps what, below its folder.
struct SpoolPaths {
    QByteArray folder, database, incoming, bodies, segments;
    explicit SpoolPaths(const QByteArray& root)
        : folder(root), database(root + "/queue.db"), incoming(root + "/incoming"), bodies(root + "/bodies"),
          segments(root + "/segments") {}
    QByteArray bodyOf(MessageId id) const { return bodies + '/' + toText(id); }
    QByteArray incomingOf(MessageId id) const { return incoming + '/' + toText(id); }
};

struct Spool::Impl {
    Impl(FileStore& store, const Clock& theClock, SpoolSettings given)
        : files(store), clock(theClock), settings(std::move(given)), paths(settings.folder),
          seal(settings.seal ? settings.seal : std::make_shared<const Seal>()), segments(files, paths.segments, settings.segmentBytes) {}

    // Constant after construction.
    FileStore& files;
    const Clock& clock;
    const SpoolSettings settings;
    const SpoolPaths paths;
    const SealPtr seal;

    // Owned by the spool's thread.
    Database database;
    SpoolRows rows;
    Segments segments;
    int removals = 0;                      // from segments, since it was last looked whether they are mostly waste
    bool wasOpened = false;                // open() succeeded; a later failure leads to reopen(), not to an empty queue
    quint32 durableSerial = 0;             // ids before this are reserved on disk
    std::shared_ptr<CountedMessageIds> ids; // self-synchronised
    QByteArrayList findings;
    std::vector<MessageId>
        doubtful; // told as failed, yet perhaps committed; deleted as soon as the database works again

    // spool.cpp
    Result<void> open();
    Result<void> openRows(bool checkStructure);
    Result<void> checkKey();
    Result<void> reserveIds();
    Result<void> sweep(bool rowsMayBeMissing);
    void found(const QByteArray& sentence);
    void remove(const QByteArray& file);
    Result<BodyPtr> body(MessageId id);
    Result<QueuedMessage> queued(MessageId id);
    Result<QueuedMessage> usable(MessageId id); // Corrupt: what of it cannot be read
    BodyPtr fileBody(MessageId id, qint64 size, ContentForm form, qint64 fileSize) const;

    // spool_outline.cpp
    struct Wrong { // a message that is not whole, and why
        MessageId id = 0;
        QByteArray reason;
    };
    Result<QueueOutline> outline();
    Result<void> outlineMessages(QueueOutline& outline, std::vector<Wrong>& wrong);
    Result<void> outlineEnvelopes(QueueOutline& outline, std::vector<Wrong>& wrong);
    void keepOrphans(QueueOutline& outline);
    void holdWhatIsWrong(QueueOutline& outline, const std::vector<Wrong>& wrong);

    // spool_segments.cpp
    Result<void> sweepSegments(bool rowsMayBeMissing);
    Result<void> recountSegments();
    void closeUpSegments(); // moves the survivors of one that is mostly waste
    Result<void> moveSurvivors(quint32 segment);

    // spool_commit.cpp
    struct Content {              // one message of a step on its way to disk
        explicit Content(StoreMessage* message) : what(message) {}
        StoreMessage* what;
        QByteArray file;          // where its content lies now if not in the database
        qint64 size = 0;
        ContentForm form;
        qint64 storedSize = 0;
        QByteArray sealed;        // content that came as bytes, in its form on disk unless that is plain
        bool isLarge = false;     // goes into a file of its own
        Extent extent;            // or into a segment
        qint64 check = 0;         // of content that is not in a file
        bool inFile = false;      // lies in bodies/ now
        const QByteArray& octets() const { return form.isPlain() ? what->content.bytes : sealed; }
    };
    struct Step {                 // one request of the group
        SpoolRequest request;
        std::vector<Content> contents;
        std::optional<Error> failure;
        bool writes = false;
    };
    using Group = std::vector<Step>;
    struct Leftovers {            // of messages that are gone once the transaction is committed
        std::vector<QByteArray> files;
        std::vector<LeftContent> extents;
    };
    void carryOut(std::vector<SpoolRequest> requests);
    void placeContents(Group& group);
    Result<void> prepareContent(Content& content, std::unordered_set<MessageId>& inGroup);
    void syncContents(Group& group);
    void syncSegments(Group& group);
    bool moveContents(Group& group);
    Result<void> writeContent(Content& content);
    Result<void> hasRoom() const;
    void dropContents(Step& step);
    Result<void> commit(Group& group, Leftovers& left);
    Result<void> writeRows(Step& step, Leftovers& left);
    Result<void> removeEnvelope(const EnvelopeUpdate& update, Leftovers& left);
    void committed(const Group& group, const Leftovers& left);
    void commitFailed(Group& group, const Error& error, bool tried);
    Result<void> reopen();
    void answer(Step& step);
};

extern const char* const kUnknown; // in place of a recipient that is lost
// A recipient for a message that has lost its own: held, with the reason.
Envelope placeholderEnvelope(MessageId id, const QByteArray& reason);

// A content file without a row becomes a held message, so that a person can see it, read it and decide.
Result<void> adoptBodyFile(SpoolRows& rows, FileStore& files, const SpoolPaths& paths, const SealPtr& seal, MessageId id,
                           qint64 now, const QByteArray& reason);
// stored: the octets of the extent.
Result<void> adoptExtent(SpoolRows& rows, const FoundExtent& found, const QByteArray& stored, const Seal& seal, qint64 now,
                         const QByteArray& reason);

} // namespace postern::queue
