// SPDX-License-Identifier: GPL-3.0-or-later
//
// A value or an Error: how functions of this program fail.
//
// Same spelling as std::expected (C++23) so that it can become an alias one day. No exceptions cross our functions.
#pragma once

#include <QByteArray>

#include <optional>
#include <utility>
#include <variant>

namespace postern {

// What went wrong, for code that must choose. Add a value only when somebody switches on it.
enum class ErrorCode {
    Io,          // disk, file or socket said no
    NoSpace,     // disk full or below the reserve
    NotFound,    // asked for something that is not there
    Exists,      // the other way round
    Busy,        // somebody else holds it (lock, port)
    Denied,      // not permitted
    Invalid,     // input that cannot mean anything
    Corrupt,     // stored data that cannot be trusted
    Unavailable, // a service is away; later may be better
    Protocol,    // the peer broke the rules
    Tls,         // handshake or certificate
    Timeout,
    Unsupported, // known, but this version does not do it
    Internal,    // our own fault
};
QByteArrayView toString(ErrorCode code);

// An unclassified failure is temporary: better late than lost.
enum class Permanence { Temporary, Permanent };

// Failure as data. text is for people (English, one line, no secrets): who, where, what to do.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    QByteArray text;
    Permanence permanence = Permanence::Temporary;
};

// Carries either T or Error. value()/error() require that the side asked for is there (checked, aborts).
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return m_state.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }
    T& value() & { return std::get<0>(m_state); }
    const T& value() const& { return std::get<0>(m_state); }
    T&& value() && { return std::get<0>(std::move(m_state)); }
    const Error& error() const { return std::get<1>(m_state); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    T value_or(T other) const { return has_value() ? value() : std::move(other); }

  private:
    std::variant<T, Error> m_state;
};

template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool has_value() const noexcept { return !m_error; }
    explicit operator bool() const noexcept { return has_value(); }
    const Error& error() const { return m_error.value(); }

  private:
    std::optional<Error> m_error;
};

} // namespace postern
