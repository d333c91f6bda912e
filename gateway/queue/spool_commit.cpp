// SPDX-License-Identifier: GPL-3.0-or-later
//
// The group commit. Contents first: what goes to a segment is appended and synced at once; every file is synced and
// renamed into bodies/, then one sync of that folder for all. Then one transaction with every row of the group, then the
// answers, then the files of messages that are gone.
//
// A commit that reports failure may still be found in the log when the database is opened again (its bytes were
// written, only the sync failed). What was told as failed must not turn up later as a second copy, so commitFailed()
// reopens, which merges and empties the log, and then deletes those messages; if that is impossible now, reopen() does
// it later.
#include "queue/content_check.h"
#include "queue/spool_impl.h"
#include "queue/spool_schema.h"

#include "base/crash_notes.h"
#include "base/log.h"

#include <algorithm>
#include <type_traits>

namespace postern::queue {
namespace {

constexpr qint64 kLogPagesAtMost = 8000; // 125 MiB; usually tidy() keeps it far below
constexpr quint32 kIdBlock = 65536;
constexpr int kRemovalsBetweenLooks = 256; // whether the segments are mostly waste

template <class T>
T* get(SpoolRequest& request) {
    return std::get_if<T>(&request);
}

Result<void> checkMessage(const StoreMessage& store) {
    const MessageId id = store.message.id;
    bool good = id != 0 && !store.envelopes.empty();
    std::unordered_set<EnvelopeId> seen;
    for (const Envelope& envelope : store.envelopes)
        good = good && messageOf(envelope.id) == id && seen.insert(envelope.id).second;
    if (!good)
        return Error{ErrorCode::Invalid, "message " + toText(id) + " has no recipients or ids that do not fit"};
    return {};
}

} // namespace

void Spool::Impl::carryOut(std::vector<SpoolRequest> requests) {
    Group group;
    group.reserve(requests.size());
    for (SpoolRequest& request : requests)
        group.push_back({std::move(request), {}, {}, false});
    for (Step& step : group) {
        if (auto* store = get<StoreMessage>(step.request))
            step.contents.emplace_back(store);
        if (auto* update = get<UpdateEnvelopes>(step.request))
            for (StoreMessage& bounce : update->bounces)
                step.contents.emplace_back(&bounce);
        step.writes = std::holds_alternative<StoreMessage>(step.request) ||
                      std::holds_alternative<UpdateEnvelopes>(step.request) ||
                      std::holds_alternative<KeepCounters>(step.request);
    }

    Leftovers left;
    bool isIn = false;
    if (std::any_of(group.begin(), group.end(), [](const Step& step) { return step.writes; })) {
        const auto reopened = database.isOpen() ? Result<void>() : reopen();
        if (reopened)
            placeContents(group);
        const auto done = reopened ? commit(group, left) : reopened;
        isIn = done.has_value();
        if (!isIn)
            commitFailed(group, done.error(), reopened.has_value());
    }
    if (isIn)
        committed(group, left); // before the answers: they take the contents along
    for (Step& step : group)
        answer(step);
    if (isIn) {
        for (const QByteArray& file : left.files)
            remove(file);
        segments.removeEmpty([this](const QByteArray& file) { remove(file); });
        if (removals >= kRemovalsBetweenLooks)
            closeUpSegments();
    }
    if (database.isOpen() && database.logPages() >= kLogPagesAtMost)
        if (auto tidied = database.checkpoint(); !tidied) {
            log(LogLevel::Error, LogArea::Queue, tidied.error().text);
            database.close();
        }
}

void Spool::Impl::placeContents(Group& group) {
    std::unordered_set<MessageId> inGroup;
    std::optional<Error> noRoom;
    if (auto room = hasRoom(); !room)
        noRoom = room.error();
    for (Step& step : group) {
        if (noRoom && std::holds_alternative<StoreMessage>(step.request))
            step.failure = noRoom; // notices that replace failed mail may use the reserve
        for (Content& content : step.contents)
            if (!step.failure)
                if (auto prepared = prepareContent(content, inGroup); !prepared)
                    step.failure = prepared.error();
    }
    syncSegments(group);
    syncContents(group);
    if (moveContents(group))
        if (auto synced = files.syncDirectory(paths.bodies); !synced)
            for (Step& step : group)
                if (std::any_of(step.contents.begin(), step.contents.end(), [](const Content& c) { return c.inFile; }))
                    step.failure = synced.error();
    for (Step& step : group)
        if (step.failure)
            dropContents(step);
}

// All large contents of the group at once: side by side they cost little more than one.
void Spool::Impl::syncContents(Group& group) {
    QByteArrayList names;
    std::vector<Step*> owners;
    for (Step& step : group)
        for (const Content& content : step.contents)
            if (!step.failure && content.isLarge) {
                names.append(content.file);
                owners.push_back(&step);
            }
    if (names.isEmpty())
        return;
    const auto outcomes = files.syncFiles(names);
    for (size_t i = 0; i < outcomes.size(); ++i)
        if (!outcomes[i])
            owners[i]->failure = outcomes[i].error();
}

void Spool::Impl::syncSegments(Group& group) {
    const auto failed = segments.sync();
    if (failed.empty())
        return;
    for (Step& step : group)
        for (const Content& content : step.contents)
            if (const auto at = failed.find(content.extent.segment); at != failed.end() && !step.failure)
                step.failure = at->second;
}

// True if anything was moved. A file keeps its name in bodies/ only if its row gets committed.
bool Spool::Impl::moveContents(Group& group) {
    bool any = false;
    for (Step& step : group)
        for (Content& content : step.contents) {
            if (step.failure || !content.isLarge)
                continue;
            const QByteArray place = paths.bodyOf(content.what->message.id);
            if (auto moved = files.rename(content.file, place); !moved) {
                step.failure = moved.error();
                continue;
            }
            content.file = place;
            content.inFile = any = true;
        }
    return any;
}

Result<void> Spool::Impl::hasRoom() const {
    const auto room = files.freeBytes(paths.folder);
    if (!room)
        return room.error();
    if (*room >= settings.reserveBytes)
        return {};
    return Error{ErrorCode::NoSpace,
                 "only " + QByteArray::number(*room >> 20) + " MiB are free for the queue in " + paths.folder +
                     "; new mail is refused below " + QByteArray::number(settings.reserveBytes >> 20) + " MiB"};
}

// Checks the message and, if its content is large, sees to it that it lies in a file, whole but not yet synced.
Result<void> Spool::Impl::prepareContent(Content& content, std::unordered_set<MessageId>& inGroup) {
    StoreMessage& store = *content.what;
    content.file = store.content.file;
    content.size = store.content.file.isEmpty() ? store.content.bytes.size() : store.content.size;
    content.storedSize = content.size;
    if (auto checked = checkMessage(store); !checked)
        return checked;
    const MessageId id = store.message.id;
    const auto known = rows.has(id);
    if (!known)
        return known.error();
    if (*known || !inGroup.insert(id).second)
        return Error{ErrorCode::Exists, "message id " + toText(id) + " is taken"};
    if (content.file.isEmpty() && !seal->form().isPlain()) {
        auto sealed = seal->seal(id, store.content.bytes);
        if (!sealed)
            return sealed.error();
        content.form = seal->form();
        content.sealed = std::move(*sealed);
        content.storedSize = content.sealed.size();
    }
    if (content.file.isEmpty() && content.storedSize <= kInlineBody)
        return {};
    if (content.file.isEmpty() && content.storedSize <= kSegmentBody) {
        content.check = contentCheck(content.octets());
        const auto extent = segments.append(id, content.octets(), content.check, content.form);
        if (!extent)
            return extent.error();
        content.extent = *extent;
        return {};
    }
    content.isLarge = true;
    if (content.file.isEmpty())
        return writeContent(content);
    if (store.content.seal) {
        content.form = store.content.seal->form();
        content.storedSize = store.content.fileSize;
    }
    const auto size = files.size(content.file);
    if (!size)
        return size.error();
    if (*size != content.storedSize)
        return Error{ErrorCode::Io, "the content file " + content.file + " was not written completely"};
    return {};
}

Result<void> Spool::Impl::writeContent(Content& content) {
    content.file = paths.incomingOf(content.what->message.id);
    (void)files.remove(content.file);
    auto file = files.create(content.file);
    if (!file)
        return file.error();
    auto written = (*file)->write(content.octets());
    if (written)
        written = (*file)->close();
    return written;
}

void Spool::Impl::dropContents(Step& step) {
    for (Content& content : step.contents) {
        const QByteArray& file = content.file.isEmpty() ? content.what->content.file : content.file;
        if (!file.isEmpty())
            (void)files.remove(file);
        if (content.extent.segment != 0)
            segments.discard(std::exchange(content.extent, {}));
        content.inFile = false;
    }
}

Result<void> Spool::Impl::commit(Group& group, Leftovers& left) {
    if (std::none_of(group.begin(), group.end(), [](const Step& step) { return step.writes && !step.failure; }))
        return {};
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    for (Step& step : group)
        if (step.writes && !step.failure)
            if (auto written = writeRows(step, left); !written)
                return written;
    // Every id in this group was handed out before now, so it lies before `upcoming`.
    const quint32 upcoming = ids->upcoming();
    quint32 reserve = durableSerial;
    if (qint32(durableSerial - upcoming) < qint32(kIdBlock / 2)) {
        reserve = upcoming + kIdBlock;
        if (auto set = rows.setCounter(reserve); !set)
            return set;
    }
    if (auto committed = database.execute("COMMIT"); !committed)
        return committed;
    durableSerial = reserve;
    return {};
}

void Spool::Impl::committed(const Group& group, const Leftovers& left) {
    for (const Step& step : group)
        for (const Content& content : step.contents)
            if (!step.failure && content.extent.segment != 0)
                segments.keep(content.extent, content.storedSize);
    for (const LeftContent& one : left.extents)
        segments.release(one.extent, one.size);
    removals += int(left.extents.size());
}

Result<void> Spool::Impl::writeRows(Step& step, Leftovers& left) {
    for (const Content& content : step.contents) {
        StoredMessage stored{content.what->message, content.inFile, content.check, content.extent,
                             content.form, content.storedSize, {}};
        stored.message.size = content.size;
        if (stored.inRow())
            stored.contentCheck = contentCheck(content.octets());
        if (auto inserted = rows.insert(stored, content.octets()); !inserted)
            return inserted;
        for (const Envelope& envelope : content.what->envelopes)
            if (auto inserted = rows.insert(envelope); !inserted)
                return inserted;
    }
    if (const auto* update = get<UpdateEnvelopes>(step.request))
        for (const EnvelopeUpdate& one : update->updates) {
            const auto applied =
                one.kind == EnvelopeUpdate::Kind::Remove ? removeEnvelope(one, left) : rows.apply(one);
            if (!applied)
                return applied;
        }
    if (const auto* counters = get<KeepCounters>(step.request))
        for (const auto& [name, value] : counters->values)
            if (auto kept = rows.keepCounter(name, value); !kept)
                return kept;
    return {};
}

Result<void> Spool::Impl::removeEnvelope(const EnvelopeUpdate& update, Leftovers& left) {
    if (auto removed = rows.apply(update); !removed)
        return removed;
    const MessageId id = messageOf(update.id);
    const auto more = rows.hasEnvelopes(id);
    if (!more)
        return more.error();
    if (*more)
        return {};
    const auto content = rows.removeMessage(id);
    if (!content)
        return content.error();
    if (content->inFile)
        left.files.push_back(paths.bodyOf(id));
    else if (content->extent.segment != 0)
        left.extents.push_back(*content);
    return {};
}

// tried = the transaction was begun, so that its rows may be there in spite of the failure.
void Spool::Impl::commitFailed(Group& group, const Error& error, bool tried) {
    log(LogLevel::Error, LogArea::Queue, "the queue could not save: " + error.text);
    for (const Step& step : group)
        if (tried && !step.failure && std::holds_alternative<StoreMessage>(step.request))
            doubtful.push_back(std::get<StoreMessage>(step.request).message.id);
    const bool working = tried && reopen().has_value();
    for (Step& step : group) {
        if (!step.writes || step.failure)
            continue;
        // A notice that is in the database went in together with the removals of its request: that request succeeded.
        const auto* update = get<UpdateEnvelopes>(step.request);
        if (working && update && !update->bounces.empty() &&
            rows.has(update->bounces.front().message.id).value_or(false))
            continue;
        step.failure = error;
        // While the database is shut it is not known whether the rows are in; files they may speak of stay until it is.
        if (working || !tried)
            dropContents(step);
    }
}

Result<void> Spool::Impl::reopen() {
    database.close();
    if (!wasOpened)
        return Error{ErrorCode::Unavailable, "the queue is not open"};
    if (auto opened = openRows(false); !opened) {
        log(LogLevel::Error, LogArea::Queue, "the queue stays shut: " + opened.error().text);
        return opened;
    }
    auto cleaned = doubtful.empty() ? Result<void>() : database.execute("BEGIN IMMEDIATE");
    for (const MessageId id : doubtful) {
        if (cleaned)
            if (const auto removed = rows.removeMessage(id); !removed)
                cleaned = removed.error();
    }
    if (cleaned && !doubtful.empty())
        cleaned = database.execute("COMMIT");
    if (cleaned)
        cleaned = recountSegments();
    if (!cleaned) {
        database.close();
        return cleaned;
    }
    for (const MessageId id : doubtful)
        (void)files.remove(paths.bodyOf(id)); // mostly not there
    doubtful.clear();
    return {};
}

void Spool::Impl::answer(Step& step) {
    const auto tell = [&](Content& content) {
        if (!content.what->done)
            return;
        if (step.failure)
            content.what->done(*step.failure);
        else if (content.inFile)
            content.what->done(fileBody(content.what->message.id, content.size, content.form, content.storedSize));
        else
            content.what->done(
                BodyPtr(std::make_shared<const Body>(Body{std::move(content.what->content.bytes), {}, content.size})));
    };
    std::visit(
        [&](auto& request) {
            using T = std::decay_t<decltype(request)>;
            for (Content& content : step.contents)
                tell(content);
            if constexpr (std::is_same_v<T, UpdateEnvelopes> || std::is_same_v<T, KeepCounters>) {
                if (request.done)
                    request.done(step.failure ? Result<void>(*step.failure) : Result<void>());
            } else if constexpr (std::is_same_v<T, ReadBody>) {
                const AtWork here(request.id);
                if (request.done)
                    request.done(body(request.id));
            } else if constexpr (std::is_same_v<T, ReadMail>) {
                const AtWork here(request.id);
                if (request.done)
                    request.done(usable(request.id), body(request.id));
            } else if constexpr (std::is_same_v<T, LoadMessages>) {
                std::vector<Result<QueuedMessage>> loaded;
                for (const MessageId id : request.ids)
                    loaded.push_back(queued(id));
                if (request.done)
                    request.done(std::move(loaded));
            } else if constexpr (std::is_same_v<T, DiscardIncoming>) {
                if (request.file.startsWith(paths.incoming + '/') && !request.file.contains("/../"))
                    (void)files.remove(request.file);
            }
        },
        step.request);
}

} // namespace postern::queue
