// SPDX-License-Identifier: GPL-3.0-or-later
//
// Fields are netstrings behind one letter: "u3:joe,". An order ends where the bytes end.
#include "mda/order.h"

#include <charconv>

namespace postern::mda {
namespace {

constexpr std::size_t kHeader = 4;

void put(std::string& out, char key, std::string_view value) {
    out += key;
    out += std::to_string(value.size());
    out += ':';
    out += value;
    out += ',';
}

struct Field {
    char key = 0;
    std::string_view value;
};

std::optional<Field> take(std::string_view& bytes) {
    const std::size_t colon = bytes.find(':');
    if (colon == std::string_view::npos || colon < 2)
        return std::nullopt;
    std::size_t length = 0;
    const char* end = bytes.data() + colon;
    const auto [stopped, error] = std::from_chars(bytes.data() + 1, end, length);
    if (error != std::errc() || stopped != end || length > bytes.size() || colon + 1 + length >= bytes.size() ||
        bytes[colon + 1 + length] != ',')
        return std::nullopt;
    const Field field{bytes[0], bytes.substr(colon + 1, length)};
    bytes.remove_prefix(colon + length + 2);
    return field;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && stopped == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<Task> taskOf(std::string_view text) {
    for (const Task task : {Task::Mailbox, Task::File, Task::Maildir, Task::Command})
        if (text.size() == 1 && text[0] == char(task))
            return task;
    return std::nullopt;
}

bool set(Order& order, const Field& field) {
    const auto whole = [&field](std::int64_t& into) {
        const auto value = number(field.value);
        into = value.value_or(-1);
        return value.has_value();
    };
    switch (field.key) {
    case 't': {
        const auto task = taskOf(field.value);
        order.task = task.value_or(order.task);
        return task.has_value();
    }
    case 'u': order.user = field.value; return true;
    case 'h': order.home = field.value; return true;
    case 'i': return whole(order.uid);
    case 'g': return whole(order.gid);
    case 'p': order.path = field.value; return true;
    case 'c': order.command = field.value; return true;
    case 'e': order.environment.emplace_back(field.value); return true;
    case 's': order.sender = field.value; return true;
    case 'n': order.name = field.value; return true;
    case 'f': order.folder = field.value; return true;
    case 'j': order.junk = true; return true;
    case 'm': order.mayBeThere = true; return true;
    case 'l': return whole(order.timeLimitMs);
    default: return false;
    }
}

} // namespace

std::string encode(const Order& order) {
    std::string out;
    put(out, 't', std::string_view(reinterpret_cast<const char*>(&order.task), 1));
    put(out, 'u', order.user);
    put(out, 'h', order.home);
    put(out, 'i', std::to_string(order.uid));
    put(out, 'g', std::to_string(order.gid));
    put(out, 'p', order.path);
    put(out, 'c', order.command);
    for (const std::string& entry : order.environment)
        put(out, 'e', entry);
    put(out, 's', order.sender);
    put(out, 'n', order.name);
    put(out, 'f', order.folder);
    if (order.junk)
        put(out, 'j', {});
    if (order.mayBeThere)
        put(out, 'm', {});
    put(out, 'l', std::to_string(order.timeLimitMs));
    return out;
}

std::optional<Order> decodeOrder(std::string_view bytes) {
    Order order;
    if (bytes.empty())
        return std::nullopt;
    while (!bytes.empty()) {
        const auto field = take(bytes);
        if (!field || field->value.find('\0') != std::string_view::npos || !set(order, *field))
            return std::nullopt;
    }
    return order;
}

std::string encode(const Report& report) {
    return char(report.ending) + std::to_string(report.number) + ' ' + report.text + '\n';
}

std::optional<Report> decodeReport(std::string_view bytes) {
    if (bytes.size() < 4 || bytes.back() != '\n')
        return std::nullopt;
    bytes.remove_suffix(1);
    const std::size_t blank = bytes.find(' ');
    if (blank == std::string_view::npos || blank < 2)
        return std::nullopt;
    const auto value = number(bytes.substr(1, blank - 1));
    for (const Ending ending : {Ending::Delivered, Ending::Later, Ending::Exit, Ending::Signal, Ending::Unread})
        if (value && bytes[0] == char(ending))
            return Report{ending, int(*value), std::string(bytes.substr(blank + 1))};
    return std::nullopt;
}

std::string frame(std::string_view bytes) {
    std::string out;
    out.reserve(kHeader + bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8)
        out += char((bytes.size() >> shift) & 0xff);
    return out += bytes;
}

FrameReader::What FrameReader::next(std::string& piece) {
    if (m_last == What::End || m_last == What::Broken)
        return m_last;
    if (m_bytes.size() < kHeader)
        return What::NeedMore;
    std::size_t length = 0;
    for (std::size_t i = 0; i < kHeader; ++i)
        length = length << 8 | static_cast<unsigned char>(m_bytes[i]);
    if (length > kMostFrame)
        return m_last = What::Broken;
    if (m_bytes.size() < kHeader + length)
        return What::NeedMore;
    piece.assign(m_bytes, kHeader, length);
    m_bytes.erase(0, kHeader + length);
    if (length == 0)
        return m_last = m_bytes.empty() ? What::End : What::Broken;
    return What::Piece;
}

} // namespace postern::mda
