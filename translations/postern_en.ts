<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>Notices</name>
    <message numerus="yes">
        <source>%n more problem(s)</source>
        <translation>
            <numerusform>%n more problem</numerusform>
            <numerusform>%n more problems</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Phrases</name>
    <message numerus="yes">
        <source>%n day(s)</source>
        <comment>a span</comment>
        <translation>
            <numerusform>%n day</numerusform>
            <numerusform>%n days</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Save</name>
    <message numerus="yes">
        <source>%n message(s) saved</source>
        <translation>
            <numerusform>%n message saved</numerusform>
            <numerusform>%n messages saved</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) saved before it</source>
        <translation>
            <numerusform>%n message saved before it</numerusform>
            <numerusform>%n messages saved before it</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Save %n message(s) in a folder</source>
        <translation>
            <numerusform>Save %n message in a folder</numerusform>
            <numerusform>Save %n messages in a folder</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message numerus="yes">
        <source>%n connected now</source>
        <translation>
            <numerusform>%n connected now</numerusform>
            <numerusform>%n connected now</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n waiting</source>
        <translation>
            <numerusform>%n waiting</numerusform>
            <numerusform>%n waiting</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Receiving on %1 of %n listener(s)</source>
        <translation>
            <numerusform>Receiving on %1 of %n listener</numerusform>
            <numerusform>Receiving on %1 of %n listeners</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Receiving on %n listener(s)</source>
        <translation>
            <numerusform>Receiving on %n listener</numerusform>
            <numerusform>Receiving on %n listeners</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n in the queue</source>
        <translation>
            <numerusform>%n in the queue</numerusform>
            <numerusform>%n in the queue</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Sending %n message(s) now</source>
        <translation>
            <numerusform>Sending %n message now</numerusform>
            <numerusform>Sending %n messages now</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n delivered today</source>
        <translation>
            <numerusform>%n delivered today</numerusform>
            <numerusform>%n delivered today</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <comment>relays</comment>
        <translation>
            <numerusform>%n more</numerusform>
            <numerusform>%n more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n caught for reading</source>
        <translation>
            <numerusform>%n caught for reading</numerusform>
            <numerusform>%n caught for reading</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) are waiting.</source>
        <translation>
            <numerusform>%n message is waiting.</numerusform>
            <numerusform>%n messages are waiting.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Story</name>
    <message numerus="yes">
        <source>and %n more</source>
        <comment>recipients</comment>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message numerus="yes">
        <source>%1: %n message(s) wait</source>
        <comment>what is wrong, count</comment>
        <translation>
            <numerusform>%1: %n message waits</numerusform>
            <numerusform>%1: %n messages wait</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::ActivityPage</name>
    <message numerus="yes">
        <source>Paused, %n new</source>
        <translation>
            <numerusform>Paused, %n new</numerusform>
            <numerusform>Paused, %n new</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::BannerStack</name>
    <message numerus="yes">
        <source>%n more</source>
        <comment>problems</comment>
        <translation>
            <numerusform>%n more</numerusform>
            <numerusform>%n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::Bell</name>
    <message numerus="yes">
        <source>Notifications, %n new</source>
        <translation>
            <numerusform>Notifications, %n new</numerusform>
            <numerusform>Notifications, %n new</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::CaughtPage</name>
    <message numerus="yes">
        <source>%n message(s) kept for reading; nothing of it is sent</source>
        <translation>
            <numerusform>%n message kept for reading; nothing of it is sent</numerusform>
            <numerusform>%n messages kept for reading; nothing of it is sent</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Remove %n caught message(s)?</source>
        <translation>
            <numerusform>Remove %n caught message?</numerusform>
            <numerusform>Remove %n caught messages?</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Remove all caught messages, for %n recipient(s)?</source>
        <translation>
            <numerusform>Remove all caught messages, for %n recipient?</numerusform>
            <numerusform>Remove all caught messages, for %n recipients?</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) for %1 recipients kept for reading; nothing of it is sent</source>
        <translation>
            <numerusform>%n message for %1 recipients kept for reading; nothing of it is sent</numerusform>
            <numerusform>%n messages for %1 recipients kept for reading; nothing of it is sent</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::MailReader</name>
    <message numerus="yes">
        <source>%n more; save the message to have them.</source>
        <comment>attachments</comment>
        <translation>
            <numerusform>%n more; save the message to have them.</numerusform>
            <numerusform>%n more; save the message to have them.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::MainWindow</name>
    <message numerus="yes">
        <source>%n message(s) are waiting. They stay safe and leave when Postern runs again.</source>
        <translation>
            <numerusform>%n message is waiting. It stays safe and leaves when Postern runs again.</numerusform>
            <numerusform>%n messages are waiting. They stay safe and leave when Postern runs again.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::MessagePage</name>
    <message numerus="yes">
        <source>%n recipient(s)</source>
        <translation>
            <numerusform>%n recipient</numerusform>
            <numerusform>%n recipients</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::QueueModel</name>
    <message numerus="yes">
        <source>%n message(s)</source>
        <translation>
            <numerusform>%n message</numerusform>
            <numerusform>%n messages</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n message(s) or more</source>
        <translation>
            <numerusform>%n message or more</numerusform>
            <numerusform>%n messages or more</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n more for the same reason</source>
        <translation>
            <numerusform>%n more for the same reason</numerusform>
            <numerusform>%n more for the same reason</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::QueuePage</name>
    <message numerus="yes">
        <source>%n message(s) are safe on this computer and waiting to leave</source>
        <translation>
            <numerusform>%n message is safe on this computer and waiting to leave</numerusform>
            <numerusform>%n messages are safe on this computer and waiting to leave</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Remove %n message(s)?</source>
        <translation>
            <numerusform>Remove %n message?</numerusform>
            <numerusform>Remove %n messages?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>postern::window::UndoBar</name>
    <message numerus="yes">
        <source>Removed %n message(s).</source>
        <translation>
            <numerusform>Removed %n message.</numerusform>
            <numerusform>Removed %n messages.</numerusform>
        </translation>
    </message>
</context>
</TS>
