// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/segments.h"

#include "queue/content_check.h"

#include <QtEndian>

#include <algorithm>
#include <cstring>

namespace postern::queue {
namespace {

constexpr char kMagic[] = "PSTNmail";
constexpr qint64 kChecked = 32;  // octets of the header that its check covers
constexpr qint64 kGoneAt = 40;
constexpr qint64 kSpareSegments = 4; // beyond that, at least half of all segments' octets are in use

qint64 roomFor(qint64 size) {
    const qint64 bare = Segments::kHeader + size;
    return (bare + Segments::kAlign - 1) / Segments::kAlign * Segments::kAlign;
}

void writeHeader(char* out, MessageId id, ContentForm form, qint64 size, qint64 check) {
    std::memset(out, 0, size_t(Segments::kHeader));
    std::memcpy(out, kMagic, 8);
    qToLittleEndian<quint32>(id, out + 8);
    qToLittleEndian<quint32>(quint32(form.toNumber()), out + 12);
    qToLittleEndian<qint64>(size, out + 16);
    qToLittleEndian<qint64>(check, out + 24);
    qToLittleEndian<qint64>(contentCheck({out, kChecked}), out + 32);
}

// id 0: this is no header.
FoundExtent readHeader(QByteArrayView bytes) {
    FoundExtent found;
    if (bytes.size() < Segments::kHeader || !bytes.startsWith(QByteArrayView(kMagic)) ||
        qFromLittleEndian<qint64>(bytes.data() + 32) != contentCheck(bytes.first(kChecked)))
        return found;
    found.id = qFromLittleEndian<quint32>(bytes.data() + 8);
    found.form = ContentForm::fromNumber(qFromLittleEndian<quint32>(bytes.data() + 12));
    found.size = qFromLittleEndian<qint64>(bytes.data() + 16);
    found.check = qFromLittleEndian<qint64>(bytes.data() + 24);
    found.gone = bytes[kGoneAt] != 0;
    if (found.size < 0)
        found.id = 0;
    return found;
}

} // namespace

QByteArray Segments::pathOf(quint32 number) const {
    return m_folder + '/' + toText(MessageId(number));
}

Result<void> Segments::open() {
    close();
    const auto names = m_files.list(m_folder);
    if (!names)
        return names.error();
    for (const QByteArray& name : *names) {
        const quint32 number = messageIdFromText(name);
        if (number == 0)
            continue; // not ours
        const auto size = m_files.size(m_folder + '/' + name);
        if (!size)
            return size.error();
        m_sizes[number] = *size;
        m_usage[number];
        m_mayBeEmpty.insert(number);
        m_next = std::max(m_next, number + 1);
    }
    return {};
}

void Segments::close() {
    noteGone();
    m_current.reset();
    m_full.clear();
    m_sizes.clear();
    m_usage.clear();
    m_mayBeEmpty.clear();
    m_stuck.clear();
    m_next = 1;
}

Result<void> Segments::begin() {
    const quint32 number = m_next++;
    auto file = m_files.create(pathOf(number));
    if (!file)
        return file.error();
    m_usage[number];
    m_sizes[number] = m_segmentBytes;
    m_mayBeEmpty.insert(number); // unless something of it is kept
    if (auto allocated = (*file)->allocate(m_segmentBytes); !allocated)
        return allocated;
    m_current = Writer{number, std::move(*file), 0, false, true};
    return {};
}

void Segments::retire() {
    if (!m_current)
        return;
    m_mayBeEmpty.insert(m_current->number);
    if (m_current->isDirty)
        m_full.push_back(std::move(*m_current));
    m_current.reset();
}

Result<Extent> Segments::append(MessageId id, QByteArrayView content, qint64 check, ContentForm form) {
    const qint64 room = roomFor(content.size());
    if (m_current && m_current->end > 0 && m_current->end + room > m_segmentBytes)
        retire();
    if (!m_current)
        if (auto begun = begin(); !begun)
            return begun.error();
    m_buffer.resize(room);
    writeHeader(m_buffer.data(), id, form, content.size(), check);
    std::memcpy(m_buffer.data() + kHeader, content.data(), size_t(content.size()));
    std::memset(m_buffer.data() + kHeader + content.size(), 0, size_t(room - kHeader - content.size()));
    const Extent where{m_current->number, m_current->end};
    m_current->isDirty = true;
    if (auto written = m_current->file->write(m_buffer); !written) {
        retire(); // where the next one would go is not known
        return written.error();
    }
    m_current->end += room;
    return where;
}

std::unordered_map<quint32, Error> Segments::sync() {
    std::unordered_map<quint32, Error> failed;
    std::vector<Writer*> written;
    for (Writer& writer : m_full)
        written.push_back(&writer);
    if (m_current && m_current->isDirty)
        written.push_back(&*m_current);
    bool newNames = false;
    for (Writer* writer : written) {
        if (auto synced = writer->file->sync(); !synced)
            failed.emplace(writer->number, synced.error());
        newNames = newNames || writer->isNew;
        writer->isDirty = false;
    }
    if (newNames) {
        const auto synced = m_files.syncDirectory(m_folder);
        for (Writer* writer : written)
            if (std::exchange(writer->isNew, false) && !synced)
                failed.emplace(writer->number, synced.error());
    }
    m_full.clear();
    if (m_current && failed.contains(m_current->number))
        retire();
    return failed;
}

Result<QByteArray> Segments::read(const Extent& where, MessageId id, qint64 size, qint64 check) const {
    auto bytes = m_files.read(pathOf(where.segment), where.at, kHeader + size);
    if (!bytes)
        return bytes.error();
    const FoundExtent header = readHeader(*bytes);
    const bool isIt = header.id == id && header.size == size && header.check == check;
    if (isIt && bytes->size() == kHeader + size && contentCheck(QByteArrayView(*bytes).sliced(kHeader)) == check) {
        bytes->remove(0, kHeader);
        return bytes;
    }
    return Error{ErrorCode::Corrupt, "the content of message " + toText(id) + " in " + pathOf(where.segment) + " is damaged"};
}

bool Segments::mayHold(const Extent& where, qint64 size) const {
    const auto segment = m_sizes.find(where.segment);
    return segment != m_sizes.end() && where.at >= 0 && where.at + kHeader + size <= segment->second;
}

std::vector<FoundExtent> Segments::scan(quint32 segment) const {
    std::vector<FoundExtent> all;
    for (qint64 at = 0;; at += roomFor(all.back().size)) {
        const auto bytes = m_files.read(pathOf(segment), at, kHeader);
        FoundExtent found = bytes ? readHeader(*bytes) : FoundExtent();
        if (found.id == 0)
            return all;
        found.where = {segment, at};
        all.push_back(found);
    }
}

void Segments::keep(const Extent& where, qint64 size) {
    Usage& usage = m_usage[where.segment];
    ++usage.kept;
    usage.octets += roomFor(size);
}

void Segments::release(const Extent& where, qint64 size) {
    Usage& usage = m_usage[where.segment];
    --usage.kept;
    usage.octets -= roomFor(size);
    usage.gone.push_back(where.at);
    if (usage.kept == 0)
        m_mayBeEmpty.insert(where.segment);
}

void Segments::discard(const Extent& where) {
    m_usage[where.segment].gone.push_back(where.at);
}

void Segments::recount(const std::vector<std::pair<Extent, qint64>>& kept) {
    m_full.clear();
    m_current.reset();
    m_usage.clear();
    m_stuck.clear();
    for (const auto& [number, size] : m_sizes)
        m_mayBeEmpty.insert(number);
    for (const auto& [where, size] : kept)
        keep(where, size);
}

void Segments::removeEmpty(const std::function<void(QByteArray path)>& remove) {
    for (const quint32 number : std::exchange(m_mayBeEmpty, {})) {
        const bool isOpen = m_current && m_current->number == number;
        if (isOpen || m_usage[number].kept > 0 || !m_sizes.contains(number))
            continue; // looked at again when it is full, or when its last one is released
        remove(pathOf(number));
        m_sizes.erase(number);
        m_usage.erase(number);
    }
}

void Segments::noteGone() {
    for (auto& [number, usage] : m_usage)
        for (const qint64 at : std::exchange(usage.gone, {}))
            (void)m_files.overwrite(pathOf(number), at + kGoneAt, "\1"); // not to be relied upon
}

quint32 Segments::mostlyWaste() const {
    qint64 total = 0, kept = 0, least = 0;
    quint32 victim = 0;
    for (const auto& [number, size] : m_sizes) {
        const auto usage = m_usage.find(number);
        const qint64 octets = usage == m_usage.end() ? 0 : usage->second.octets;
        total += size;
        kept += octets;
        const bool movable = octets > 0 && !m_stuck.contains(number) && !(m_current && m_current->number == number);
        if (movable && octets * 2 <= size && (victim == 0 || octets < least)) {
            victim = number;
            least = octets;
        }
    }
    return total > 2 * kept + kSpareSegments * m_segmentBytes ? victim : 0;
}

int Segments::kept(quint32 segment) const {
    const auto usage = m_usage.find(segment);
    return usage == m_usage.end() ? 0 : usage->second.kept;
}

} // namespace postern::queue
