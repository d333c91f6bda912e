// SPDX-License-Identifier: GPL-3.0-or-later
#include "mda/message_text.h"

#include <algorithm>
#include <array>

namespace postern::mda {
namespace {

constexpr std::string_view kFrom = "From ";
constexpr std::size_t kMostOfLine = 300;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
}

} // namespace

std::string MboxText::fromLine(std::string_view sender, std::time_t now) {
    std::string out(kFrom);
    for (const char c : sender) // a blank would end the address for every reader
        out += static_cast<unsigned char>(c) <= ' ' || c == 0x7f ? '_' : c;
    std::tm local = {};
    ::localtime_r(&now, &local);
    constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::array<char, 64> date = {};
    std::snprintf(date.data(), date.size(), " %s %s %2d %02d:%02d:%02d %d\n", kDays[std::size_t(local.tm_wday)],
                  kMonths[std::size_t(local.tm_mon)], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                  local.tm_year + 1900);
    return out + date.data();
}

void MboxText::feed(std::string_view piece, std::string& out) {
    while (!piece.empty()) {
        if (m_undecided) {
            m_start += piece.front();
            piece.remove_prefix(1);
            if (m_start.size() < kFrom.size() && kFrom.starts_with(m_start))
                continue;
            if (m_start == kFrom && isEscaped())
                out += '>';
            out += m_start;
            m_undecided = m_start.back() == '\n';
            m_hasText = !m_undecided;
            m_afterEmpty = m_start == "\n";
            m_start.clear();
            continue;
        }
        const std::size_t end = piece.find('\n');
        out += piece.substr(0, end == std::string_view::npos ? end : end + 1);
        if (end == std::string_view::npos)
            return;
        piece.remove_prefix(end + 1);
        m_undecided = true;
        m_hasText = false;
    }
}

void MboxText::finish(std::string& out) {
    out += m_start;
    if (m_hasText || !m_start.empty())
        out += '\n';
    out += '\n';
}

void JunkWatch::feed(std::string_view piece) {
    while (m_inHeader && !piece.empty()) {
        const std::size_t end = std::min(piece.find('\n'), piece.size());
        if (m_line.size() < kMostOfLine)
            m_line += piece.substr(0, std::min(end, kMostOfLine));
        if (end == piece.size())
            return;
        piece.remove_prefix(end + 1);
        endLine();
    }
}

void JunkWatch::endLine() {
    std::transform(m_line.begin(), m_line.end(), m_line.begin(), lower);
    m_inHeader = !m_line.empty();
    m_isJunk = m_isJunk || m_line == "x-spam: yes" || m_line == "x-spam-flag: yes";
    m_line.clear();
}

void LastLine::feed(std::string_view piece) {
    for (const char c : piece) {
        if (c != '\n') {
            if (m_line.size() < kMostOfLine)
                m_line += c;
            continue;
        }
        if (m_line.find_first_not_of(" \t\r") != std::string::npos)
            m_last.swap(m_line);
        m_line.clear();
    }
}

std::string LastLine::text() const {
    std::string out = m_line.find_first_not_of(" \t\r") != std::string::npos ? m_line : m_last;
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

} // namespace postern::mda
