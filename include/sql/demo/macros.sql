-- The linter takes the body of a macro for a statement of its own:
-- noqa: disable=LT02
-- Tools of the demo ledger. Every random choice is a function of (seed, key, salt): no state, no order, no threads.
-- hash() alone joins its arguments by XOR, so two salts of one key would be correlated; the outer hash() breaks that.
CREATE OR REPLACE MACRO U(key, salt) AS
    CAST(HASH(HASH(GETVARIABLE('seed'), key, salt)) >> 11 AS double) / CAST(9007199254740992 AS double);

-- A number with zeros before it, and all its digits: LPAD alone cuts what is longer, and two people become one.
CREATE OR REPLACE MACRO PADDED(n, width) AS
    LPAD(CAST(n AS varchar), CAST(GREATEST(width, LENGTH(CAST(n AS varchar))) AS integer), '0');

-- Words that repeat millions of times are kept as one byte.
CREATE TYPE kind_word AS enum('invoice', 'debit_note', 'credit_note', 'opening_balance');
CREATE TYPE currency_word AS enum('CNY', 'USD', 'GBP');
CREATE TYPE plan_word AS enum('single', 'halves', 'monthly3', 'monthly5', 'monthly6', 'milestone', 'project');

-- A standard normal number (Box–Muller); the first draw stays away from 0, whose logarithm has no value.
CREATE OR REPLACE MACRO Z(key, salt) AS
    SQRT(-2 * LN(0.0000001 + 0.9999998 * U(key, salt))) * COS(2 * PI() * U(key, salt || '~'));

-- A whole number from lo to hi, both included.
CREATE OR REPLACE MACRO WHOLE(lo, hi, r) AS CAST(lo + FLOOR(r * (hi - lo + 1)) AS integer);

CREATE OR REPLACE MACRO PICK(list, r) AS list[1 + CAST(FLOOR(r * LEN(list)) AS integer)];

-- Cents to the contract's money, exactly.
CREATE OR REPLACE MACRO MONEY(cents) AS CAST(cents * 0.01 AS decimal(18, 4));

-- The n-th part of a "Chinese|latin" pair.
CREATE OR REPLACE MACRO PART(pair, i) AS SPLIT_PART(pair, '|', i);

-- Saturday and Sunday move to Monday, or back to Friday.
CREATE OR REPLACE MACRO WORKDAY(d) AS
    d + CASE ISODOW(d) WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END;
CREATE OR REPLACE MACRO WORKDAY_BEFORE(d) AS
    d - CASE ISODOW(d) WHEN 6 THEN 1 WHEN 7 THEN 2 ELSE 0 END;

CREATE OR REPLACE MACRO FIRST_OF_MONTH(d) AS CAST(DATE_TRUNC('month', d) AS date);
CREATE OR REPLACE MACRO MONTH_NUMBER(d) AS CAST((YEAR(d) - 2000) * 12 + MONTH(d) - 1 AS integer);

-- The day on which a customer with this rhythm really pays, at the earliest on d.
CREATE OR REPLACE MACRO PAY_DAY(d, rhythm, weekday, monthday) AS
    CASE rhythm
        WHEN 'weekly' THEN d + CAST((weekday - ISODOW(d) + 7) % 7 AS integer)
        WHEN 'monthly' THEN WORKDAY(
            IF(DAY(d) <= monthday, d - CAST(DAY(d) AS integer), LAST_DAY(d)) + monthday
        )
        ELSE WORKDAY(d)
    END;

-- The first day on or after d on which last year's budget has become this year's money (15 July, or 20 April in GB).
CREATE OR REPLACE MACRO BUDGET_DAY(d, company) AS
    CASE
        WHEN company = 'HD'
            THEN WORKDAY(MAKE_DATE(YEAR(d) + CASE WHEN d > MAKE_DATE(YEAR(d), 7, 15) THEN 1 ELSE 0 END, 7, 15))
        ELSE WORKDAY(MAKE_DATE(YEAR(d) + CASE WHEN d > MAKE_DATE(YEAR(d), 4, 20) THEN 1 ELSE 0 END, 4, 20))
    END;

-- How busy a month is: Chinese New Year and the year-end rush in the east, the spring and the quiet December in
-- Britain.
CREATE OR REPLACE MACRO SEASON(company, d) AS
    CASE
        WHEN company = 'HD' THEN [0.85, 0.60, 1.05, 1.0, 1.0, 1.05, 0.95, 0.95, 1.1, 0.95, 1.15, 1.35][MONTH(d)]
        ELSE [0.85, 0.95, 1.2, 1.0, 1.05, 1.1, 0.95, 0.85, 1.1, 1.1, 1.1, 0.8][MONTH(d)]
    END;

-- 1 unit of a currency in Chinese yuan, a quiet walk around a level; only used where generated facts need a rate.
CREATE OR REPLACE MACRO YUAN(currency, d) AS
    CASE currency
        WHEN 'CNY' THEN 1.0
        WHEN 'USD' THEN 7.12 + 0.09 * SIN(EPOCH(d) / 86400 / 37.0) + 0.03 * SIN(EPOCH(d) / 86400 / 5.3)
        ELSE 9.24 + 0.16 * SIN(EPOCH(d) / 86400 / 53.0) + 0.05 * COS(EPOCH(d) / 86400 / 6.1)
    END;

-- Words. Places, brands and people are made up; phone numbers come from ranges that are never given to anybody.
CREATE OR REPLACE MACRO FAMILY_NAMES() AS [
    '张|zhang', '王|wang', '李|li', '刘|liu', '陈|chen', '杨|yang', '赵|zhao', '黄|huang', '周|zhou', '吴|wu', '徐|xu',
    '孙|sun', '胡|hu', '朱|zhu', '高|gao', '林|lin', '何|he', '郭|guo', '马|ma', '罗|luo', '梁|liang', '宋|song', '郑|zheng',
    '谢|xie', '韩|han', '唐|tang', '冯|feng', '于|yu', '董|dong', '萧|xiao', '程|cheng', '曹|cao', '袁|yuan', '邓|deng',
    '许|xu', '傅|fu', '沈|shen', '曾|zeng', '彭|peng', '吕|lyu', '苏|su', '卢|lu', '蒋|jiang', '蔡|cai', '欧阳|ouyang'
];
CREATE OR REPLACE MACRO GIVEN_NAMES() AS [
    '伟|wei', '芳|fang', '敏|min', '静|jing', '丽娟|lijuan', '建国|jianguo', '志强|zhiqiang', '晓燕|xiaoyan', '海涛|haitao',
    '雪梅|xuemei', '文博|wenbo', '嘉怡|jiayi', '子轩|zixuan', '思远|siyuan', '雨桐|yutong', '俊杰|junjie', '明辉|minghui',
    '春华|chunhua', '立新|lixin', '国栋|guodong', '玉兰|yulan', '永康|yongkang', '佳宁|jianing', '博文|bowen', '慧敏|huimin',
    '少华|shaohua', '振宇|zhenyu', '欣然|xinran', '家豪|jiahao', '红霞|hongxia', '德胜|desheng', '婉清|wanqing', '一鸣|yiming',
    '丹|dan', '磊|lei', '颖|ying', '超|chao', '倩|qian', '凯|kai', '洁|jie', '峰|feng', '宁|ning'
];
CREATE OR REPLACE MACRO FIRST_NAMES() AS [
    'Oliver', 'Amelia', 'George', 'Isla', 'Harriet', 'Callum', 'Priya', 'Imran', 'Sophie', 'Gareth', 'Niamh', 'Rhys',
    'Fiona', 'Douglas', 'Eleanor', 'Tariq', 'Megan', 'Alastair', 'Joanna', 'Simon', 'Beatrice', 'Declan', 'Yasmin',
    'Trevor', 'Caitlin', 'Rupert', 'Angela', 'Kwame', 'Lucy', 'Martin', 'Shona', 'Edwin', 'Rachel', 'Nigel', 'Zoe'
];
CREATE OR REPLACE MACRO LAST_NAMES() AS [
    'Ashworth', 'Bellamy', 'Carrick', 'Drummond', 'Eastwood', 'Fairbairn', 'Gallagher', 'Hathaway', 'Ingram', 'Jessop',
    'Kendrick', 'Lockhart', 'Merriman', 'Norcross', 'Ormerod', 'Pemberton', 'Quayle', 'Rowntree', 'Satterthwaite',
    'Thackeray', 'Underhill', 'Vickers', 'Whitlock', 'Yardley', 'Okafor', 'Patel', 'Rahman', 'Campbell', 'Doyle', 'Pugh'
];
CREATE OR REPLACE MACRO CITIES() AS [
    '苏州', '无锡', '常州', '南通', '宁波', '绍兴', '嘉兴', '温州', '合肥', '芜湖', '济南', '青岛', '烟台', '潍坊', '武汉', '长沙',
    '南昌', '郑州', '洛阳', '西安', '成都', '重庆', '贵阳', '昆明', '广州', '佛山', '东莞', '厦门', '泉州', '福州', '天津', '沈阳'
];
CREATE OR REPLACE MACRO BRAND_HEADS() AS [
    '澄', '禾', '砚', '霁', '珩', '翎', '栎', '沐', '岚', '昱', '铭', '衍', '朔', '宸', '皓', '沣', '骏', '骞', '睿', '谦', '煜', '璟',
    '淳', '涵', '蔚', '熠', '旻', '祺', '澜', '隽', '弘', '晟'
];
CREATE OR REPLACE MACRO BRAND_TAILS() AS [
    '川', '源', '衡', '舟', '屿', '砾', '远', '辰', '博', '拓', '泰', '和', '诚', '迈', '朗', '启', '森', '禹', '图', '峰', '达', '捷',
    '域', '汇', '联', '创', '新', '恒', '润', '麦', '维', '思'
];
CREATE OR REPLACE MACRO TRADES() AS [
    '精密机械', '自动化设备', '金属制品', '建材', '化工', '食品', '纺织', '包装材料', '电子科技', '新能源科技', '医疗器械', '轨道交通工程',
    '环保工程', '国际贸易', '供应链管理', '物流', '汽车零部件', '仪器仪表', '智能装备', '装饰工程'
];
CREATE OR REPLACE MACRO TOWNS() AS [
    '云溪市', '临澜市', '松原湖区', '青岚市', '望江新区', '砚山湖区', '金禾市', '南屏区', '鹤鸣市', '东澜区', '白鹭洲区', '长汀湖市'
];
CREATE OR REPLACE MACRO BUREAUS() AS [
    '水务局', '教育局', '城市管理局', '交通运输局', '生态环境局', '卫生健康委员会', '住房和城乡建设局', '市政工程管理处', '第一人民医院', '实验中学'
];
CREATE OR REPLACE MACRO PLACE_HEADS() AS [
    'Alder', 'Ash', 'Birch', 'Black', 'Bram', 'Copper', 'Cran', 'Dun', 'Elm', 'Fen', 'Glen', 'Gold', 'Hart', 'Hazel',
    'Holm', 'Kes', 'Lang', 'Lin', 'Mar', 'Mill', 'Oak', 'Pike', 'Quill', 'Raven', 'Rook', 'Sedge', 'Stan', 'Tarn',
    'Thorn', 'Under', 'West', 'Wyver'
];
CREATE OR REPLACE MACRO PLACE_TAILS() AS [
    'bourne', 'brook', 'bridge', 'bury', 'combe', 'croft', 'dale', 'field', 'ford', 'gate', 'ham', 'hurst', 'ley',
    'march', 'mere', 'moor', 'port', 'ridge', 'shaw', 'stead', 'stone', 'thwaite', 'well', 'wick', 'wood', 'worth'
];
CREATE OR REPLACE MACRO ENGLISH_TRADES() AS [
    'Engineering', 'Fabrication', 'Foods', 'Logistics', 'Interiors', 'Energy', 'Marine', 'Packaging', 'Textiles',
    'Instruments', 'Automation', 'Building Supplies', 'Chemicals', 'Electrical', 'Components', 'Freight', 'Healthcare',
    'Print & Labels', 'Tooling', 'Trading'
];
CREATE OR REPLACE MACRO ENGLISH_BODIES() AS [
    ' Borough Council', ' County Highways', ' Water Authority', ' Hospitals Trust', ' Academy Schools', ' Fire Service'
];
CREATE OR REPLACE MACRO GOODS() AS [
    '数控车床备件|CNC lathe spares', '不锈钢管件|Stainless pipe fittings', '变频控制柜|Inverter control cabinets',
    '工业泵阀|Industrial pumps and valves', '输送线|Conveyor line', '检测仪器|Test instruments', '包装薄膜|Packaging film',
    '水处理膜组件|Water treatment membranes', '电缆桥架|Cable trays', '仓储货架|Warehouse racking'
];

-- Names of things, the same wherever they are mentioned.
CREATE OR REPLACE MACRO MONTH_OF(d) AS CAST(d // 1000 % 1000 AS integer);
CREATE OR REPLACE MACRO SLOT_OF(d) AS CAST(d % 1000 AS integer);
CREATE OR REPLACE MACRO PAY_KEY(n, paid_on) AS CAST(n AS bigint) * 100000 + (paid_on - date '2000-01-01');
CREATE OR REPLACE MACRO ITEM_KEY(d, seq) AS d * 10 + seq;
CREATE OR REPLACE MACRO DOCUMENT_ID(account_id, month_no, tail) AS
    SUBSTR(account_id, 2) || '-' || LPAD(CAST(month_no // 12 * 100 + month_no % 12 + 1 AS varchar), 4, '0')
    || '-' || tail;
CREATE OR REPLACE MACRO RECEIPT_ID(account_id, paid_on, currency, tail) AS
    SUBSTR(account_id, 2) || '-' || STRFTIME(paid_on, '%y%m%d') || '-' || currency || tail;
CREATE OR REPLACE MACRO HAS_CONTRACT(n) AS n <= 18 OR U(n, 'contract') < 0.4;
CREATE OR REPLACE MACRO CONTRACT_ID(account_id, of_year) AS 'CT-' || SUBSTR(account_id, 2) || '-' || of_year;
