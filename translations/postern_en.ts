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
        <source>%n message(s) caught for reading</source>
        <translation>
            <numerusform>%n message caught for reading</numerusform>
            <numerusform>%n messages caught for reading</numerusform>
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
    <name>postern::window::MainWindow</name>
    <message numerus="yes">
        <source>%n message(s) are waiting. They stay safe and leave when Postern runs again.</source>
        <translation>
            <numerusform>%n message is waiting. It stays safe and leaves when Postern runs again.</numerusform>
            <numerusform>%n messages are waiting. They stay safe and leave when Postern runs again.</numerusform>
        </translation>
    </message>
</context>
</TS>
