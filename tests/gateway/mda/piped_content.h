// SPDX-License-Identifier: GPL-3.0-or-later
//
// A message in a pipe, as the gateway would send it. At most what a pipe holds.
#pragma once

#include "mda/content.h"

#include <unistd.h>

#include <array>

namespace postern::test {

class PipedContent {
  public:
    explicit PipedContent(const std::string& text, bool isWhole = true)
        : m_ends(fill(text, isWhole)), m_content(m_ends[0], mda::Content::Form::Frames) {}
    ~PipedContent() { ::close(m_ends[0]); }
    PipedContent(const PipedContent&) = delete;
    PipedContent& operator=(const PipedContent&) = delete;

    mda::Content& content() { return m_content; }

  private:
    static std::array<int, 2> fill(const std::string& text, bool isWhole) {
        std::array<int, 2> ends = {-1, -1};
        if (::pipe(ends.data()) != 0)
            return ends;
        std::string bytes = text.empty() ? std::string() : mda::frame(text);
        if (isWhole)
            bytes += mda::frame("");
        [[maybe_unused]] const ssize_t written = ::write(ends[1], bytes.data(), bytes.size());
        ::close(ends[1]);
        return ends;
    }

    std::array<int, 2> m_ends;
    mda::Content m_content;
};

} // namespace postern::test
