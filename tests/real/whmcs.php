<?php

/*
 * A WHMCS of three actions for tests, written in the language of the real one: what json_encode
 * makes of PHP's arrays and strings is PHP's own doing here.
 *
 * php -S 127.0.0.1:0 whmcs.php, with the path of its state, a JSON file, in $WHMCS_STATE.
 * tests/real/desk.py writes that file and says what each key of it means.
 */

declare(strict_types=1);

$state = json_decode(file_get_contents(getenv('WHMCS_STATE')), true, 64, JSON_THROW_ON_ERROR);

function answer(array $fields, int $status = 200): never
{
    global $state;
    http_response_code($status);
    header('Content-Type: application/json');
    if ($state['warning']) {
        ini_set('display_errors', '1');
        echo $undefined;
    }
    echo json_encode($fields, JSON_THROW_ON_ERROR);
    exit;
}

function refuse(int $status, string $message): never
{
    answer(['result' => 'error', 'message' => $message], $status);
}

function number(int $number): int|string
{
    global $state;
    return $state['shape']['strings'] ? (string) $number : $number;
}

function name(string $name): string
{
    global $state;
    return $state['shape']['encoded'] ? htmlspecialchars($name) : $name;
}

/* A list, or what is left of one when something was filtered out: an array that begins at 1. */
function rows(array $rows): array
{
    global $state;
    return $state['shape']['gaps'] && $rows ? array_combine(range(1, count($rows)), $rows) : $rows;
}

function ticked(string $field): bool
{
    return !empty($_POST[$field]);
}

/* The tickets of some departments in those statuses for which $counts holds. */
function tickets(array $departments, callable $counts): int
{
    global $state;
    $sum = 0;
    foreach ($departments as $department) {
        foreach ($state['statuses'] as $index => $status) {
            $sum += $counts($status, $index) ? $department['tickets'][$index] : 0;
        }
    }
    return $sum;
}

function user(): array
{
    global $state;
    foreach ($state['users'] as $user) {
        if ($user['identifier'] === ($_POST['identifier'] ?? '')
            && $user['secret'] === ($_POST['secret'] ?? '')) {
            return $user;
        }
    }
    refuse(403, 'Invalid or missing credentials');
}

/* The departments that a user is assigned to, or all of them. */
function departments(array $user, bool $all): array
{
    global $state;
    $own = fn (array $department): bool => in_array($department['id'], $user['departments'], true);
    return $all || $user['departments'] === null
        ? $state['departments']
        : array_values(array_filter($state['departments'], $own));
}

function getTicketCounts(array $user): array
{
    global $state;
    $all = version_compare($state['version'], '9.0', '<') || ticked('ignoreDepartmentAssignments');
    $departments = departments($user, $all);
    $ids = array_map(fn (array $department) => number($department['id']), $departments);
    $fields = [
        'filteredDepartments' => rows($ids),
        'allActive' => number(tickets($departments, fn (array $status) => $status['active'])),
        'awaitingReply' => number(tickets($departments, fn (array $status) => $status['awaiting'])),
        'flaggedTickets' => number(array_sum(array_column($departments, 'flagged'))),
    ];
    if (ticked('includeCountsByStatus')) {
        $fields['status'] = byStatus($departments);
    }
    return $fields;
}

/* By key, so that of two statuses with one key the later stays, and "0" is a number to PHP. */
function byStatus(array $departments): array
{
    global $state;
    $rows = [];
    foreach ($state['statuses'] as $index => $status) {
        $key = str_replace([' ', '-'], '', strtolower($status['title']));
        $count = tickets($departments, fn (array $_, int $other) => $other === $index);
        $rows[$key] = ['title' => name($status['title']), 'count' => number($count)];
    }
    return $state['shape']['status_list'] ? rows(array_values($rows)) : $rows;
}

function getSupportDepartments(array $user): array
{
    $departments = departments($user, ticked('ignore_dept_assignments'));
    $rows = array_map(fn (array $department): array => [
        'id' => number($department['id']),
        'name' => name($department['name']),
        'awaitingreply' => number(tickets([$department], fn (array $status) => $status['awaiting'])),
        'opentickets' => number(tickets([$department], fn (array $status) => $status['active'])),
    ], $departments);
    return [
        'totalresults' => number(count($rows)),
        'departments' => $rows ? ['department' => rows($rows)] : [],
    ];
}

function getSupportStatuses(): array
{
    global $state;
    $wanted = fn (array $department): bool => (string) $department['id'] === $_POST['deptid'];
    $departments = array_filter($state['departments'], $wanted);
    $rows = [];
    foreach ($state['statuses'] as $index => $status) {
        $count = tickets($departments, fn (array $_, int $other) => $other === $index);
        $rows[] = [
            'title' => name($status['title']),
            'count' => number($count),
            'color' => '#779500',
        ];
    }
    return ['totalresults' => number(count($rows)), 'statuses' => ['status' => rows($rows)]];
}

if ($_SERVER['REQUEST_URI'] !== '/whmcs/includes/api.php') {
    http_response_code(404);
    exit;
}
$action = strtolower($_POST['action'] ?? '');
$action === '' && refuse(400, 'Empty action request');
$user = user();
$fields = match ($action) {
    'getticketcounts' => getTicketCounts($user),
    'getsupportdepartments' => getSupportDepartments($user),
    'getsupportstatuses' => getSupportStatuses(),
    default => refuse(400, 'Command not found'),
};
answer(['result' => 'success'] + $fields);
