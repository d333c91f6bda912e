// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/memory_file_store.h"

#include <algorithm>
#include <random>

namespace postern::test {
namespace {

QByteArray folderOf(const QByteArray& path) {
    return path.left(path.lastIndexOf('/'));
}

Error missing(const QByteArray& path) {
    return Error{ErrorCode::NotFound, "cannot open " + path + ": no such file", Permanence::Temporary};
}

// Each 512-byte block as it was synced or as it was last written, and the length of one of the two.
QByteArray mixed(const MemoryFileStore::Node& node, std::mt19937& random) {
    constexpr qsizetype kSector = 512;
    QByteArray out = (random() & 1) != 0 ? node.bytes : node.durable;
    for (qsizetype at = 0; at < out.size(); at += kSector) {
        const QByteArray& from = (random() & 1) != 0 ? node.bytes : node.durable;
        const qsizetype length = std::min(kSector, out.size() - at);
        const QByteArray block = from.mid(at, length);
        out.replace(at, length, block + QByteArray(length - block.size(), '\0')); // never written: zeros
    }
    return out;
}

} // namespace

class MemoryFile final : public File {
  public:
    MemoryFile(MemoryFileStore& store, std::shared_ptr<MemoryFileStore::Node> node)
        : m_store(store), m_node(std::move(node)) {}

    Result<void> write(QByteArrayView bytes) override {
        const std::lock_guard lock(m_store.m_mutex);
        if (m_node->dead)
            return Error{ErrorCode::Io, "write after a power cut"};
        m_node->write(m_at, bytes);
        m_at += bytes.size();
        return {};
    }
    Result<void> allocate(qint64 bytes) override {
        const std::lock_guard lock(m_store.m_mutex);
        if (m_node->dead)
            return Error{ErrorCode::Io, "allocation after a power cut"};
        m_node->write(m_node->bytes.size(), QByteArray(bytes, '\0'));
        return {};
    }
    Result<void> sync() override {
        const std::lock_guard lock(m_store.m_mutex);
        if (m_node->dead)
            return Error{ErrorCode::Io, "sync after a power cut"};
        m_node->sync();
        return {};
    }
    Result<void> close() override { return {}; }

  private:
    MemoryFileStore& m_store;
    std::shared_ptr<MemoryFileStore::Node> m_node;
    qsizetype m_at = 0;
};

void MemoryFileStore::Node::write(qsizetype offset, QByteArrayView data) {
    if (data.isEmpty())
        return;
    const qsizetype end = offset + data.size();
    const qsizetype from = std::min(offset, bytes.size()); // a gap is written, too
    if (bytes.size() < end)
        bytes.append(end - bytes.size(), '\0');
    std::copy(data.begin(), data.end(), bytes.data() + offset);
    for (qsizetype block = from / kBlock; block * kBlock < end; ++block)
        dirty.insert(block);
}

void MemoryFileStore::Node::sync() {
    if (durable.size() > bytes.size())
        durable.truncate(bytes.size());
    else
        durable.append(bytes.size() - durable.size(), '\0');
    for (const qsizetype block : dirty) {
        const qsizetype at = block * kBlock, length = std::min(kBlock, bytes.size() - at);
        if (length > 0)
            std::copy_n(bytes.constData() + at, length, durable.data() + at);
    }
    dirty.clear();
}

Result<void> MemoryFileStore::makeDirectory(const QByteArray&) {
    return {};
}

Result<std::unique_ptr<File>> MemoryFileStore::create(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    if (m_names.contains(path))
        return Error{ErrorCode::Exists, "cannot create " + path + ": it exists"};
    auto node = std::make_shared<Node>();
    m_names[path] = node;
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, node));
}

Result<void> MemoryFileStore::overwrite(const QByteArray& path, qint64 offset, QByteArrayView bytes) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(path);
    if (at == m_names.end())
        return missing(path);
    at->second->write(offset, bytes);
    return {};
}

Result<QByteArray> MemoryFileStore::read(const QByteArray& path, qint64 offset, qint64 most) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(path);
    if (at == m_names.end())
        return missing(path);
    return at->second->bytes.mid(offset, most);
}

Result<qint64> MemoryFileStore::size(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(path);
    if (at == m_names.end())
        return missing(path);
    return qint64(at->second->bytes.size());
}

Result<void> MemoryFileStore::rename(const QByteArray& from, const QByteArray& to) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(from);
    if (at == m_names.end())
        return missing(from);
    auto node = at->second;
    m_names.erase(at);
    m_names[to] = std::move(node);
    return {};
}

Result<void> MemoryFileStore::remove(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    if (m_names.erase(path) == 0)
        return missing(path);
    return {};
}

Result<QByteArrayList> MemoryFileStore::list(const QByteArray& directory) {
    const std::lock_guard lock(m_mutex);
    QByteArrayList names;
    for (const auto& [path, node] : m_names)
        if (folderOf(path) == directory)
            names.append(path.mid(directory.size() + 1));
    return names;
}

Result<void> MemoryFileStore::syncFile(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(path);
    if (at == m_names.end())
        return missing(path);
    at->second->sync();
    return {};
}

void MemoryFileStore::failToSync(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    if (const auto at = m_names.find(path); at != m_names.end())
        at->second->failToSync();
}

Result<void> MemoryFileStore::syncDirectory(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_durableNames, [&](const auto& entry) { return folderOf(entry.first) == path; });
    for (const auto& [name, node] : m_names)
        if (folderOf(name) == path)
            m_durableNames[name] = node;
    return {};
}

Result<qint64> MemoryFileStore::freeBytes(const QByteArray&) {
    const std::lock_guard lock(m_mutex);
    return m_free;
}

void MemoryFileStore::powerCut() {
    const std::lock_guard lock(m_mutex);
    std::map<QByteArray, std::shared_ptr<Node>> after;
    for (const auto& [name, node] : m_durableNames) {
        auto copy = std::make_shared<Node>();
        copy->bytes = copy->durable = node->durable;
        after[name] = copy;
    }
    for (const auto& [name, node] : m_names)
        node->dead = true;
    m_names = after;
    m_durableNames = std::move(after);
}

void MemoryFileStore::powerCut(quint32 seed) {
    const std::lock_guard lock(m_mutex);
    std::mt19937 random(seed);
    const auto coin = [&random] { return (random() & 1) != 0; };
    std::map<QByteArray, std::shared_ptr<Node>> after;
    std::map<Node*, bool> newName; // a rename is in effect wholly or not at all
    std::map<Node*, std::shared_ptr<Node>> copies;
    const auto survivor = [&](const std::shared_ptr<Node>& node) {
        auto& copy = copies[node.get()];
        if (!copy) {
            copy = std::make_shared<Node>();
            copy->bytes = copy->durable = mixed(*node, random);
        }
        return copy;
    };
    for (const auto& [name, node] : m_names)
        newName.emplace(node.get(), coin());
    for (const auto& [name, node] : m_durableNames)
        newName.emplace(node.get(), coin()); // removed since: may be back
    for (const auto& [name, node] : m_durableNames)
        if (!newName[node.get()])
            after[name] = survivor(node);
    for (const auto& [name, node] : m_names) {
        const auto was = m_durableNames.find(name);
        const bool unchanged = was != m_durableNames.end() && was->second == node;
        if (unchanged || newName[node.get()])
            after[name] = survivor(node);
        node->dead = true;
    }
    m_names = after;
    m_durableNames = std::move(after);
}

std::shared_ptr<MemoryFileStore::Node> MemoryFileStore::node(const QByteArray& path, bool create) {
    const std::lock_guard lock(m_mutex);
    auto at = m_names.find(path);
    if (at == m_names.end() && create)
        at = m_names.emplace(path, std::make_shared<Node>()).first;
    return at == m_names.end() ? nullptr : at->second;
}

void MemoryFileStore::syncName(const QByteArray& path) {
    const std::lock_guard lock(m_mutex);
    const auto at = m_names.find(path);
    if (at == m_names.end())
        m_durableNames.erase(path);
    else
        m_durableNames[path] = at->second;
}

void MemoryFileStore::put(const QByteArray& path, const QByteArray& bytes) {
    const std::lock_guard lock(m_mutex);
    auto node = std::make_shared<Node>();
    node->bytes = node->durable = bytes;
    m_names[path] = node;
    m_durableNames[path] = node;
}

Result<bool> MemoryFileStore::readableByOthers(const QByteArray& path) {
    return m_readable.contains(path);
}

} // namespace postern::test
